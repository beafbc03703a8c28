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


CHECKS: tuple[Check, ...] = ()
