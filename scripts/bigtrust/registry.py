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
        code="PAT-06",
        kind="data",
        sentence="No text contains what looks like a French social security number (NIR).",
        counted="distinct texts",
        reason="It identifies alone, and tells sex, month and place of birth. Somebody may have typed one into a text: "
        "it is found by its form, with its key.",
        remedy="Leave the column out of the protected model, or replace it with what it was wanted for. One in 285 "
        "numbers of 15 digits has a valid key by chance: for product numbers, write an exception with this reason.",
    ),
    Check(
        code="PAT-07",
        kind="data",
        sentence="No text contains a web address with parameters.",
        counted="distinct texts",
        reason="The parameters are what a page was told: names, numbers, keys of a session.",
        remedy="Leave the column out of the protected model, or replace it with what it was wanted for, as a category.",
    ),
    Check(
        code="PSE-02",
        kind="data",
        sentence="No value is a hash of an identifier that can be computed without the secret.",
        counted="distinct values",
        reason="A list of customers is enough to undo such a hash: it is no pseudonym (EDPB, Guidelines 01/2025).",
        remedy="Write the column with the pseudonym macro, or leave it out.",
    ),
    Check(
        code="CEL-01",
        kind="data",
        sentence="Every cell of an aggregate describes at least k persons.",
        counted="cells",
        reason="An aggregate of few people is data about them.",
        remedy="Leave small cells out in the protected model: count persons, and not purchases.",
    ),
    Check(
        code="CEL-02",
        kind="data",
        sentence="The cells that an aggregate leaves out describe at least k persons together.",
        counted="months with cells, for each column that divides them",
        reason="The total of a month is known from elsewhere; less the cells that are shown, it gives the others.",
        remedy="Leave out the smallest other cell of the month as well, as the models of insights do.",
    ),
)
