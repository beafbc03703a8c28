"""The processing activities (GDPR art. 30(1)(b) to (f)): one per purpose of the policy, and the rights of persons."""

from collections.abc import Mapping
from typing import Any

from bigtrust.processing.metadata import Metadata, meta
from bigtrust.processing.tables import Table

INSIDE = "none outside the European Economic Area"
_GIVEN_OUT = "addresses given to recipients"
_RIGHTS = "rights_of_persons"  # the law demands it, so it is no purpose that a policy could leave out
_KEPT_FOR_RIGHTS = ("register_requests", "forgotten_lines")


def controller(metadata: Metadata) -> Table:
    """Who answers for the processing (art. 30(1)(a))."""
    rows = [{name: row[name] for name in ("role", "name", "contact")} for row in metadata.policy["controller"]]
    return Table("controller", ("role",), ("role", "name", "contact"), tuple(rows))


def activities(metadata: Metadata) -> Table:
    """Each purpose with its basis, whom and what it is about, who receives it, and how long.

    A purpose of `recipients.csv` alone, such as a recall, has no publication: the exposures of the project say what it
    is. Last comes what is kept to honour what persons ask for.
    """
    of_purposes = {row["purpose"]: row for row in metadata.policy["purposes"]}
    received = metadata.policy["recipients"]
    names = [*of_purposes, *dict.fromkeys(row["purpose"] for row in received if row["purpose"] not in of_purposes)]
    rows = [*(_activity(metadata, name, of_purposes.get(name)) for name in names), _rights(metadata)]
    return Table("activities", ("activity",), tuple(rows[0]), tuple(rows))


def recipients(metadata: Metadata) -> Table:
    """Who outside the company receives what (art. 30(1)(d) and (e))."""
    processors = {row["recipient"] for row in metadata.policy["recipients"] if "art. 28" in row["legal_basis"]}
    rows = [
        {
            "recipient": row["recipient"],
            "activity": row["purpose"],
            "name": row["name"],
            "kind": "processor (GDPR art. 28)" if row["recipient"] in processors else "answers for its own use",
            "country": row["country"],
            "columns": tuple(row["columns"].split(" ")),
            "legal_basis": row["legal_basis"],
            "contract_on": row["contract_on"],
            "transfer": row.get("transfer_basis") or INSIDE,
        }
        for row in metadata.policy["recipients"]
    ]
    columns = ("recipient", "activity", "name", "kind", "country", "columns", "legal_basis", "contract_on", "transfer")
    return Table("recipients", ("recipient", "activity"), columns, tuple(rows))


def time_limits(metadata: Metadata) -> Table:
    """When data is erased (art. 30(1)(f)), by activity and category of data."""
    rows = [
        {
            "activity": row["purpose"],
            "data_category": row["data_category"].replace("_", " "),
            "period": f"{row['period_months']} months",
            "starts_with": row["start_event"].replace("_", " "),
            "legal_source": row["legal_source"],
        }
        for row in metadata.policy["retention_windows"]
    ]
    days = next(row for row in metadata.policy["settings"] if row["setting"] == "export_days")
    rows += [
        {
            "activity": purpose,
            "data_category": _GIVEN_OUT,
            "period": f"{days['value']} days",
            "starts_with": "disclosure",
            "legal_source": days["description"],
        }
        for purpose in dict.fromkeys(row["purpose"] for row in metadata.policy["recipients"])
    ]
    rows.append(
        {
            "activity": _RIGHTS,
            "data_category": "requests to forget",
            "period": "as long as the request stands",
            "starts_with": "",
            "legal_source": "GDPR art. 5(2), 12 and 17: without it, an old delivery brings back what was forgotten",
        }
    )
    names = [row["activity"] for row in activities(metadata).rows]
    rows.sort(key=lambda row: names.index(row["activity"]) if row["activity"] in names else len(names))
    columns = ("activity", "data_category", "period", "starts_with", "legal_source")
    return Table("time_limits", ("activity", "data_category"), columns, tuple(rows))


def _activity(metadata: Metadata, name: str, purpose: Mapping[str, str] | None) -> dict[str, Any]:
    exposures = [exposure for exposure in metadata.exposures if meta(exposure).get("purpose") == name]
    received = [row for row in metadata.policy["recipients"] if row["purpose"] == name]
    publication = purpose["publication"] if purpose else ""
    published, delivered = _published(metadata, publication), _as_delivered(metadata, exposures)
    data = {
        table: "; ".join(part[table] for part in (published, delivered) if table in part)
        for table in sorted({*published, *delivered})
    }
    subjects = {str(table["name"]): meta(table).get("data_subjects") for table in metadata.landed}
    categories = {
        str(table["name"]): meta(table).get("data_category", "").replace("_", " ") for table in metadata.landed
    }
    basis = purpose["legal_basis"] if purpose else "; ".join(_unique(received, "legal_basis"))
    uses = tuple(f"{exposure['label']}: {' '.join(exposure['description'].split())}" for exposure in exposures)
    return {
        "activity": name,
        "purpose": purpose["description"] if purpose else "; ".join(str(exposure["label"]) for exposure in exposures),
        "legal_basis": basis,
        "publication": publication,
        "audience": purpose["audience"] if purpose else "none: it only leaves for its recipients",
        "data_subjects": tuple(dict.fromkeys(str(subjects[table]) for table in data if subjects[table])),
        "data_categories": tuple(dict.fromkeys(categories[table] for table in data if subjects[table])),
        "personal_data": tuple(f"{table}: {what}" for table, what in data.items() if subjects[table]),
        "recipients": tuple(f"{row['name']} ({row['country']})" for row in received),
        "transfers": tuple(_unique([row for row in received if row.get("transfer_basis")], "transfer_basis")),
        "forgotten_data": _forgotten(basis, purpose),
        "uses": uses,
    }


def _rights(metadata: Metadata) -> dict[str, Any]:
    tables = {str(table["name"]): table for table in metadata.landed}
    kept = [(name, tables[name]) for name in _KEPT_FOR_RIGHTS if name in tables]
    return {
        "activity": _RIGHTS,
        "purpose": "Honouring what persons ask for, and being able to show it: what they had forgotten stays forgotten",
        "legal_basis": "Legal obligation (GDPR art. 6(1)(c), 12 and 17)",
        "publication": "",
        "audience": "privacy office",
        "data_subjects": tuple(dict.fromkeys(str(meta(table)["data_subjects"]) for _, table in kept)),
        "data_categories": tuple(dict.fromkeys(meta(table)["data_category"].replace("_", " ") for _, table in kept)),
        "personal_data": tuple(f"{name}: {', '.join(table['columns'])}" for name, table in kept),
        "recipients": (),
        "transfers": (),
        "forgotten_data": "kept, so that it stays forgotten; no offer is made for it",
        "uses": ("Register of requests: every build applies it anew, and whoever asked has a signed receipt",),
    }


def _published(metadata: Metadata, publication: str) -> dict[str, str]:
    """By landing table, which columns flow into a publication, and as what."""
    found: dict[str, list[str]] = {}
    for column in metadata.lineage["columns"]:
        table, _, name = column["column"].partition(".")
        there = sorted({to["as"] for to in column["goes_to"] if to["relation"].startswith(f"{publication}.")})
        if publication and there and column["class"] != "position":
            found.setdefault(table, []).append(f"{name} as {' and '.join(there)}")
    return {table: ", ".join(columns) for table, columns in found.items()}


def _as_delivered(metadata: Metadata, exposures: list[Mapping[str, Any]]) -> dict[str, str]:
    """By landing table, which uses read it as it was delivered."""
    names = {source_id: str(source["name"]) for source_id, source in metadata.manifest["sources"].items()}
    found: dict[str, list[str]] = {}
    for exposure in exposures:
        for source in exposure["depends_on"]["nodes"]:
            if source in names:
                found.setdefault(names[source], []).append(str(exposure["label"]).lower())
    return {table: f"as delivered, for {', '.join(labels)}" for table, labels in found.items()}


def _forgotten(basis: str, purpose: Mapping[str, str] | None) -> str:
    if purpose is None:
        is_duty = basis.lower().startswith("legal obligation")  # a recall: bigtrust.activation
        return "reached all the same, as the law demands" if is_duty else "left out: no offer follows from it"
    if purpose["honours_erasure"].strip().lower() == "true":
        return "left out, with everything that would reveal it"
    return "kept as far as the law demands: see the legal basis"


def _unique(rows: list[Mapping[str, str]], name: str) -> list[str]:
    return list(dict.fromkeys(row[name] for row in rows))
