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
        "FLW-01",
        "static",
        "No column of the relation, and nothing that decides which rows it has, derives from a direct identifier, a "
        "free text, a secret or a place in the delivery.",
        "columns of the relation",
        "A check of the data finds what it looks for. Where a value comes from is written in the SQL, whatever is done "
        "to it on the way: reversed, encoded, cut, counted, used in a filter.",
        "The reason names the landing column. Leave it out, or use a registered treatment "
        "(models/vault/treatments.sql) exactly as its macro writes it.",
    ),
    Check(
        "FLW-02",
        "static",
        "No column of the relation derives from a quasi-identifier except through a registered treatment.",
        "columns of the relation",
        "A date of birth and a postal code single out most people. Generalised, each describes many.",
        "Apply the treatment of that column: birth_decade, country, language, month, day, region by postal_area.",
    ),
    Check(
        "FLW-03",
        "static",
        "Every model can be followed: its compiled SQL is parsed, and every name in it is known.",
        "models",
        "What cannot be followed could hide anything.",
        "The reason names the model and what is not known in it. Write it in SQL that the lineage follows.",
    ),
    Check(
        "FLW-04",
        "static",
        "No column of staging is declared less than what flows into it.",
        "columns of staging",
        "All that follows rests on the classes that are declared there.",
        "Correct the identifier_class in models/staging/_staging__models.yml, or the model.",
    ),
    Check(
        "FLW-05",
        "static",
        "Nothing runs beside the models but deletes and guards.",
        "hooks and the macros that they call",
        "A hook could copy data past every model, where no lineage sees it.",
        "Remove the hook, or write what it does as a model.",
    ),
)
