"""Every check of the project, with its permanent code: what it says, why, what to do, and what it counts.

A code is never given to another check, not even after the check is gone. Rules of written suites (`expectations/`) have
their codes there.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["static", "data", "metamorphic", "artefact"]


@dataclass(frozen=True)
class Check:
    """A check as people read of it.

    `sentence` says what holds if it passes, `counted` what it counts as examined, `reason` why the check is there,
    `remedy` what to do when it fails. A failed check of severity critical keeps everything from being published.
    """

    code: str
    kind: Kind
    sentence: str
    counted: str
    reason: str
    remedy: str
    severity: Literal["critical", "warning"] = "critical"


CHECKS: tuple[Check, ...] = (
    Check(
        "ART-01",
        "artefact",
        "No file that a run leaves holds a raw value of a person, in its content or its name.",
        "files",
        "A value that no column shows can still be in a log, a page, a file name, or in the bytes of a database: in a "
        "comment, a label, a dictionary, a deleted row.",
        "The result names the files and the column that the value was landed in. Remove an old log, or what a run "
        "that was killed left behind. What the run itself wrote is written again: repair the model, macro or hook that "
        "writes it. If the value is no personal data, write an exception.",
    ),
    Check(
        "ART-02",
        "artefact",
        "No file that a run leaves holds the pseudonymisation secret or what is derived from it.",
        "files",
        "Who has the secret, a key or a pad can compute the pseudonym of anybody.",
        "Find what wrote it, and remove the file. If others could read it, do what docs/pseudonyms.md says of a secret "
        "that became known: rotating a domain is no remedy, for its keys derive from the secret.",
    ),
    Check(
        "ART-03",
        "artefact",
        "The search of files sees: it finds a value of each landing column and the secret, in each promised form.",
        "hidden parts: a value or the secret, in one form each",
        "A search that is blind finds nothing, and would call everything clean.",
        "The result names column and form. What was changed last in scripts/bigtrust/artefacts/ does not see it.",
    ),
)
