"""That somebody looked at a run: one small JSON file per review in the warehouse folder, which is never changed.

Run, verdict and time of a review are published in governance. The reviewer is an employee, and the note is free text:
both stay in the warehouse folder, and on the summary page in it.
"""

import json
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

from bigtrust import records
from bigtrust.errors import ConfigurationError
from bigtrust.files import private_folder, write_durably
from bigtrust.gx.patterns import found_in
from bigtrust.settings import Settings

VERDICTS = ("seen", "accepted", "objected")
_MOST = {"--by": 100, "--note": 2000}  # characters
SHOWN = 30  # runs


@dataclass(frozen=True)
class Review:
    """Somebody looked at a run, and says what they think of it. `reviewed_at` is UTC, ISO 8601 without zone."""

    run: int
    verdict: str
    reviewer: str
    note: str
    reviewed_at: str


def new_review(*, run: int, reviewer: str, note: str, verdict: str) -> Review:
    """Return a review of now.

    Raises ConfigurationError for an unknown verdict, and for a name or note that is empty, too long, cannot be printed,
    or holds what looks like personal data (an e-mail address, a telephone number, …).
    """
    if verdict not in VERDICTS:
        raise ConfigurationError(f"--verdict is none of {', '.join(VERDICTS)}.")
    return Review(run, verdict, _text("--by", reviewer), _text("--note", note), records.now())


def add(folder: Path, review: Review) -> Path:
    """Write a review, synced to disk before this returns. Returns the file. Raises OSError if it cannot be written."""
    path = private_folder(folder) / f"{review.run:06d}-{secrets.token_hex(4)}.json"
    write_durably(path, json.dumps(asdict(review), ensure_ascii=False, indent=1) + "\n", mode=0o600)
    return path


def read(folder: Path) -> dict[int, list[Review]]:
    """Return the reviews by run, those of a run in the order of time.

    Raises ConfigurationError that names a damaged one.
    """
    found: dict[int, list[Review]] = {}
    for review in sorted(map(_read, folder.glob("*.json")), key=lambda review: review.reviewed_at):
        found.setdefault(review.run, []).append(review)
    return found


def describe(settings: Settings) -> list[str]:
    """Return the last runs with their verdicts and reviews, as lines of text, the newest first."""
    reviewed = read(settings.reviews)
    last = list(islice(records.newest_first(settings.runs), SHOWN))
    if not last:
        return ["No run has been recorded."]
    return [
        f"Run {record.run}, {record.verdict} at {record.finished_at or record.started_at}Z: "
        + (verdicts(reviewed.get(record.run, [])) or "no review")
        for record in last
    ]


def verdicts(found: Iterable[Review]) -> str:
    """Return the verdicts of some reviews, each once; empty if there is no review."""
    return ", ".join(dict.fromkeys(review.verdict for review in found))


def _text(flag: str, text: str) -> str:
    """The text with single spaces, if it may be kept."""
    text = " ".join(text.split())
    if not text:
        raise ConfigurationError(f"{flag} is empty. Say {'who looked' if flag == '--by' else 'what was looked at'}.")
    if len(text) > _MOST[flag]:
        raise ConfigurationError(f"{flag} is longer than {_MOST[flag]:,} characters. Shorten it.")
    if not text.isprintable():
        raise ConfigurationError(f"{flag} holds a character that cannot be printed. Leave it out.")
    if pattern := found_in(text):
        raise ConfigurationError(
            f"{flag} holds what looks like {pattern.title}. Leave it out: a review is about a run, not a person."
        )
    return text


def _read(path: Path) -> Review:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        texts = {name: str(content[name]) for name in ("verdict", "reviewer", "note", "reviewed_at")}
        return Review(run=int(content["run"]), **texts)
    except (OSError, ValueError, KeyError, TypeError):
        raise ConfigurationError(f"Review {path} is damaged. Restore it from your backup, or move it away.") from None
