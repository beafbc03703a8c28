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
        code="MET-02",
        kind="metamorphic",
        sentence="Nothing that is published changes when people get other names, numbers, addresses and texts.",
        counted="rows compared, of a sample of the customers",
        reason="Whatever flows from an identifier into a publication, in any encoding, changes with it. No list of "
        "patterns is needed, and nothing slips through one.",
        remedy="The line names the column that changed and the landing column that flows into it. Drop the column, or "
        "treat it: a pseudonym, a decade, a region, a month. If rows compete (first, latest, one of equals), let the "
        "time decide, then file and row, never an identifier.",
    ),
)
