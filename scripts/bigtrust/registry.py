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
        code="KAN-01",
        kind="data",
        sentence="Wherever a row is a person, at least k persons have each combination of quasi-identifiers.",
        counted="persons, once each",
        reason=(
            "Whoever knows a neighbour's region, language and decade of birth finds the neighbour's row, and all "
            "purchases with it, if no other person is alike."
        ),
        remedy=(
            "Select the columns through the macro k_anonymous, all of them in one call. On a day after the build, rows "
            "may have expired: run again."
        ),
    ),
)
