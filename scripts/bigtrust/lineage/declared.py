"""What the lineage finds in a published column, against what its YAML says it is.

The data checks go by the YAML: who is alike is counted over the columns that are declared to generalise something
(KAN-01), pseudonyms are looked up where they are declared to be some (PSE-01). What is not declared is not counted.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from bigtrust.lineage.evaluate import Relation
from bigtrust.lineage.taint import Taint

# Treatments that leave a quasi-identifier: what they make of it can still identify in combination.
GENERALISING = frozenset(
    {"birth_decade", "country", "language", "month", "postal_area"}
    | {"contact_band", "contact_channel", "recency_band", "value_band"}
)
PSEUDONYM = "pseudonym"
_PERSONS = "customers."  # the landing table of what is known of a person; everything else is something that happened
ENDS = "visible_until"  # the day on which a row expires: never in a mart, and checked as a day (RET-01)


def differences(publication: str, columns: Mapping[str, Mapping[str, Any]], relation: Relation) -> Iterator[str | None]:
    """For each column of a published relation what is wrong with its declaration, or None.

    `columns` are the columns of its model in dbt's manifest. Yields in the order of the columns of the relation.
    """
    is_of_persons = any(_is_pseudonym(taint) for taint in relation.columns.values())
    for name, taint in relation.columns.items():
        treatment = columns.get(name, {}).get("config", {}).get("meta", {}).get("treatment")
        yield _difference(publication, name, treatment, taint, is_of_persons)


def _difference(publication: str, name: str, treatment: str | None, taint: Taint, is_of_persons: bool) -> str | None:
    applied = {applied for flow in taint.flows for applied in flow.treatments}
    if _is_pseudonym(taint):
        foreign = sorted(made for made in applied if not made.startswith(f"{publication}_"))
        if foreign:
            return f"holds a pseudonym that is issued elsewhere ({foreign[0]})"
        return None if treatment == PSEUDONYM else f"holds a pseudonym, and does not say treatment: {PSEUDONYM}"
    if treatment == PSEUDONYM:
        return f"says treatment: {PSEUDONYM}, and none flows into it"
    if treatment is not None:
        if treatment not in GENERALISING:
            return f"says a treatment that is none of {', '.join(sorted(GENERALISING))}, {PSEUDONYM}"
        return None if treatment in applied else f"says treatment: {treatment}, and nothing that is treated so flows in"
    of_persons = sorted(
        {flow.treatments[-1] for flow in taint.flows if flow.column.startswith(_PERSONS) and flow.treatments}
    )
    if is_of_persons and of_persons and name != ENDS:
        return f"says something of a person ({', '.join(of_persons)}), and does not say which treatment"
    return None


def _is_pseudonym(taint: Taint) -> bool:
    return PSEUDONYM in taint.classes
