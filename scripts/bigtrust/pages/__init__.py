"""The summary page of the last run, for governance teams: written after every run, also after a failed one.

One file without scripts that loads nothing, so it can be kept, printed and read offline. It holds names, codes, counts,
dates, and what employees wrote (reviews, exceptions); never a value from the data.
"""

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bigtrust import html
from bigtrust.errors import BigTrustError, unexpected
from bigtrust.files import private_folder, write_durably
from bigtrust.pages.summary import Summary, collect
from bigtrust.settings import Settings

FOLDER = Path(__file__).parent


def write(settings: Settings) -> str | None:
    """Write the page. If that fails, remove the page of an earlier run, and return a sentence that says why."""
    try:
        private_folder(settings.summary.parent)
        write_durably(settings.summary, page(collect(settings, now=datetime.now(UTC))), mode=0o600)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # the chart's engine is written in Rust, whose panic is no Exception
        with suppress(OSError):
            settings.summary.unlink(missing_ok=True)
        reason = f"The disk refused ({error.strerror})." if isinstance(error, OSError) else _sentence(error)
        return f"The summary page could not be written; what was recorded stands. {reason}"
    return None


def page(summary: Summary) -> str:
    """Return the page (HTML)."""
    filters = {"number": _number, "minute": minute, "word": word}
    return html.page(FOLDER, "summary.j2", {"summary": summary}, filters)


def _sentence(error: BaseException) -> str:
    return str(error if isinstance(error, BigTrustError) else unexpected(error))


def _number(count: Any) -> str:
    return f"{count:,}"


def minute(moment: str | None) -> str:
    """A time (ISO 8601, UTC) to the minute."""
    return f"{moment[:16].replace('T', ' ')} UTC" if moment else "unknown"


def word(text: str) -> str:
    """A verdict as the name of a class in the style sheet."""
    return text.replace(" ", "-")
