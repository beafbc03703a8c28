"""The record of processing activities and the inventory say what the policy, the project and its lineage say.

What they must say is worked out here from the files alone, not with the code that makes them.
"""

from __future__ import annotations

import csv
import html
import json
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bigtrust import lock, policy
from bigtrust.registry import CODES
from bigtrust.settings import PROJECT
from raw_data import Search, identifiers_and_free_text
from warehouse import PUBLICATIONS, Warehouse, replace_in

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("processing")]

Rows = list[dict[str, str]]
POLICY = PROJECT / "seeds" / "policy"
# What bounds the rows of a relation: by the promise of docs/retention.md, not by the SQL.
WINDOWS = {
    "analytics.customers": {"customers"},
    "analytics.products": set(),
    "analytics.purchase_lines": {"purchases", "returns"},
    "analytics.returns": {"purchases", "returns"},
    "finance.daily_totals": {"purchases"},
    "insights.sales_by_region_month": {"purchases"},
    "service.guarantees": {"purchases", "returns"},
    "service.contacts": {"purchases", "support_tickets"},
    "governance.runs": set(),
}


@pytest.fixture(scope="module")
def made(published: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that `bigtrust processing` fills for the demo warehouse."""
    folder = tmp_path_factory.mktemp("processing") / "record"
    result = published.bigtrust("processing", "--output", str(folder))
    assert result.exit_code == 0, result.output
    assert "Version 1: the first, so there is nothing to compare it with." in result.output
    return folder


@pytest.fixture
def governed(published: Warehouse, tmp_path: Path) -> Warehouse:
    """What a record is made from, in a warehouse and a project of its own, to be changed. There is no vault in it."""
    warehouse = Warehouse(tmp_path / "warehouse", variables=dict(published.variables))
    for name in ("lineage", "policy", "runs", "dbt/target"):
        target = warehouse.settings.warehouse / name
        if name == "dbt/target":
            target.mkdir(parents=True)
            shutil.copy(published.settings.dbt_target / "manifest.json", target)
        else:
            shutil.copytree(published.settings.warehouse / name, target)
    warehouse.own_project()
    return warehouse


def read(path: Path) -> Rows:
    """The rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def listed(cell: str) -> list[str]:
    """The texts of a cell that holds several."""
    return cell.split(" | ") if cell else []


def contract() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every column that is landed, as the contract has it."""
    document = yaml.safe_load((PROJECT / "models/staging/_landing__sources.yml").read_text(encoding="utf-8"))
    for source in document["sources"]:
        for table in source["tables"]:
            for column in table["columns"]:
                yield table["name"], column


def lineage(warehouse: Warehouse) -> dict[str, Any]:
    """The lineage of the last run."""
    content: dict[str, Any] = json.loads((warehouse.settings.lineage / "lineage.json").read_text(encoding="utf-8"))
    return content


# --- the record ----------------------------------------------------------------------------------------------------


def test_the_activities_are_the_purposes_of_the_policy_with_their_basis_and_audience(made: Path) -> None:
    purposes, recipients = read(POLICY / "purposes.csv"), read(POLICY / "recipients.csv")
    activities = {row["activity"]: row for row in read(made / "activities.csv")}
    assert activities.keys() == {
        *(row["purpose"] for row in purposes),
        *(row["purpose"] for row in recipients),
        "rights_of_persons",
    }
    for row in purposes:
        told = activities[row["purpose"]]
        assert (told["purpose"], told["legal_basis"], told["audience"], told["publication"]) == (
            row["description"],
            row["legal_basis"],
            row["audience"],
            row["publication"],
        )
        assert ("left out" in told["forgotten_data"]) == (row["honours_erasure"] == "true")
    for row in recipients:
        assert f"{row['name']} ({row['country']})" in listed(activities[row["purpose"]]["recipients"])
    assert activities["recall"]["legal_basis"].startswith("Legal obligation")
    assert activities["recall"]["forgotten_data"].startswith("reached all the same")
    assert activities["partner_sharing"]["forgotten_data"].startswith("left out")


def test_an_activity_names_whom_and_what_it_is_about_by_the_lineage(made: Path, published: Warehouse) -> None:
    subjects = {
        table["name"]: table["config"]["meta"].get("data_subjects")
        for source in yaml.safe_load((PROJECT / "models/staging/_landing__sources.yml").read_text("utf-8"))["sources"]
        for table in source["tables"]
    }
    activities = {row["activity"]: row for row in read(made / "activities.csv")}
    for purpose in read(POLICY / "purposes.csv"):
        told = {part.split(": ")[0]: part for part in listed(activities[purpose["purpose"]]["personal_data"])}
        flowing = {
            column["column"]
            for column in lineage(published)["columns"]
            if any(there["relation"].startswith(f"{purpose['publication']}.") for there in column["goes_to"])
            and subjects.get(column["column"].split(".")[0])
        }
        for column in flowing:
            table, _, name = column.partition(".")
            assert f"{name} as " in told[table], (purpose["purpose"], column)
            assert subjects[table] in listed(activities[purpose["purpose"]]["data_subjects"])
        assert {table for table, part in told.items() if " as " in part.replace("as delivered", "")} == {
            column.split(".")[0] for column in flowing
        } | ({"forgotten_lines"} & told.keys())
    assert "customers: as delivered, for product recalls" in activities["recall"]["personal_data"]


def test_what_is_kept_for_the_rights_of_persons_is_an_activity(made: Path) -> None:
    (told,) = [row for row in read(made / "activities.csv") if row["activity"] == "rights_of_persons"]
    assert told["legal_basis"].startswith("Legal obligation (GDPR art. 6(1)(c)")
    assert told["data_subjects"] == "persons who asked to forget something"
    of_register = ("register_requests", "forgotten_lines")
    columns = {table: ", ".join(c["name"] for name, c in contract() if name == table) for table in of_register[:1]}
    assert f"register_requests: {columns['register_requests']}" in listed(told["personal_data"])
    assert {part.split(":")[0] for part in listed(told["personal_data"])} == set(of_register)
    (limit,) = [row for row in read(made / "time_limits.csv") if row["activity"] == "rights_of_persons"]
    assert limit["period"] == "as long as the request stands"
    assert "Requests to forget" not in (made / "index.html").read_text("utf-8").partition('id="beyond"')[2]


def test_time_limits_recipients_and_controller_are_those_of_the_policy(made: Path) -> None:
    windows, recipients = read(POLICY / "retention_windows.csv"), read(POLICY / "recipients.csv")
    settings = {row["setting"]: row["value"] for row in read(POLICY / "settings.csv")}
    expected = Counter(
        (row["purpose"], row["data_category"].replace("_", " "), f"{row['period_months']} months", row["legal_source"])
        for row in windows
    )
    told = read(made / "time_limits.csv")
    given_out = [row for row in told if row["starts_with"] == "disclosure"]
    assert {row["activity"] for row in given_out} == {row["purpose"] for row in recipients}
    assert {row["period"] for row in given_out} == {f"{settings['export_days']} days"}
    assert expected == Counter(
        (row["activity"], row["data_category"], row["period"], row["legal_source"])
        for row in told
        if row not in given_out and row["activity"] != "rights_of_persons"
    )
    assert [
        (row["recipient"], row["activity"], row["country"], " ".join(listed(row["columns"])), row["legal_basis"])
        for row in read(made / "recipients.csv")
    ] == [(row["recipient"], row["purpose"], row["country"], row["columns"], row["legal_basis"]) for row in recipients]
    assert read(made / "controller.csv") == read(POLICY / "controller.csv")


def test_measures_rest_on_checks_that_exist_and_on_counts_of_the_project(made: Path, published: Warehouse) -> None:
    measures = {row["measure"]: row for row in read(made / "measures.csv")}
    assert {code for row in measures.values() for code in listed(row["checks"])} <= CODES
    direct = [column for column in lineage(published)["columns"] if column["class"] == "direct identifier"]
    nowhere = sum(not column["goes_to"] for column in direct)
    assert (
        f"Of {len(direct)} landing columns that are direct identifiers, {nowhere} are published in no form"
        in (measures["minimisation"]["built"])
    )
    windows = len(read(POLICY / "retention_windows.csv"))
    expiring = [path for path in (PROJECT / "models/protected").rglob("*.sql") if "visible_until" in path.read_text()]
    assert (
        f"{windows} windows, each with its legal source. {len(expiring)} published tables"
        in (measures["retention"]["built"])
    )
    maps = {"analytics", "marketing", "service"}
    assert (
        f"in {len(maps)} domains with keys of their own: {', '.join(sorted(maps))}."
        in (measures["pseudonymisation"]["built"])
    )


# --- the inventory -------------------------------------------------------------------------------------------------


def test_the_inventory_has_every_column_of_the_contract_with_its_class(made: Path) -> None:
    told = {(row["table"], row["column"]): row for row in read(made / "landing_columns.csv")}
    expected = {
        (table, column["name"]): column["config"]["meta"]["identifier_class"].replace("_", " ")
        for table, column in contract()
    }
    register = {key for key in told if key[0] == "forgotten_lines"}
    assert {key: row["identifier_class"] for key, row in told.items() if key not in register} == expected
    assert len(register) == 5
    assert all(row["description"] and row["data_category"] for row in told.values())


def test_the_inventory_says_where_each_landing_column_goes(made: Path, published: Warehouse) -> None:
    flows: dict[str, set[str]] = {}
    for relation, columns in lineage(published)["publications"].items():
        publication, _, name = relation.split(".")
        for column, derived in columns.items():
            for flow in derived:
                flows.setdefault(flow["from"], set()).add(f"{publication}.{name}.{column}, as {flow['as']}")
    for row in read(made / "landing_columns.csv"):
        told = {part.split(" by ")[0] for part in listed(row["goes_to"])}
        assert told == flows.get(f"{row['table']}.{row['column']}", set())
        assert row["is_published"] == ("yes" if told else "no")
    told = {f"{row['table']}.{row['column']}": row for row in read(made / "landing_columns.csv")}
    assert "analytics.customers.birth_decade, as generalised by birth decade" in listed(
        told["customers.birth_date"]["goes_to"]
    )
    assert told["customers.email"]["is_published"] == "no"


def test_the_inventory_has_every_published_column_with_what_it_is_made_from(made: Path, published: Warehouse) -> None:
    held = {
        (publication, schema, relation, column)
        for publication in PUBLICATIONS
        for schema, relation, column in published.query(
            publication,
            "select schema_name, table_name, column_name from duckdb_columns() "
            "where schema_name in ('marts', 'protected')",
        )
    }
    told = {(row["publication"], row["relation"], row["column"]): row for row in read(made / "published_columns.csv")}
    assert told.keys() == {(publication, relation, column) for publication, _, relation, column in held}
    purposes = {row["publication"]: row for row in read(POLICY / "purposes.csv")}
    derived = lineage(published)["publications"]
    for (publication, relation, column), row in told.items():
        assert (row["shown"] == "yes") == ((publication, "marts", relation, column) in held)
        assert row["audience"] == purposes[publication]["audience"]
        flows = {
            flow["from"]
            for schema in ("marts", "protected")
            for flow in derived.get(f"{publication}.{schema}.{relation}", {}).get(column, ())
        }
        assert {part.split(",")[0] for part in listed(row["derived_from"])} == flows
    assert told["analytics", "customers", "region"]["treatment"] == "postal area"
    assert told["marketing", "audience_members", "person_pseudonym"]["treatment"] == "pseudonym"


@pytest.mark.parametrize("relation", WINDOWS)
def test_each_relation_has_the_windows_that_bound_it(made: Path, relation: str) -> None:
    publication, _, name = relation.partition(".")
    periods = {
        row["data_category"]: f"{row['period_months']} months from {row['start_event'].replace('_', ' ')}"
        for row in read(POLICY / "retention_windows.csv")
        if row["purpose"] == publication
    }
    expected = {f"{category.replace('_', ' ')}: {periods[category]}" for category in WINDOWS[relation]}
    told = [
        row
        for row in read(made / "published_columns.csv")
        if (row["publication"], row["relation"]) == (publication, name)
    ]
    assert told
    assert all(set(listed(row["windows"])) == expected for row in told)


# --- what is written -----------------------------------------------------------------------------------------------


def test_only_the_owner_may_read_it_and_it_holds_no_value_and_loads_nothing(made: Path, published: Warehouse) -> None:
    files = sorted(made.iterdir())
    assert len(files) == 11
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    search = Search(identifiers_and_free_text(published.landing))
    assert list(search.files_that_leak(made)) == []
    (value,) = list(search.patterns)[:1]
    assert search.finds((made / "index.html").read_bytes() + value) == 1
    for path in made.glob("*.html"):
        text = html.unescape(path.read_text(encoding="utf-8"))
        assert "<script" not in text
        assert "default-src 'none'" in text
        assert "http://" not in text
        assert "https://" not in text


def test_csv_files_are_utf_8_with_crlf_and_end_every_row_alike(made: Path) -> None:
    for path in made.glob("*.csv"):
        content = path.read_bytes()
        assert content.endswith(b"\r\n")
        header, *rows = csv.reader(content.decode("utf-8").splitlines(keepends=True), strict=True)
        assert all(len(row) == len(header) for row in rows)
        assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)


def test_a_formula_in_the_policy_is_a_text_in_the_csv(governed: Warehouse) -> None:
    replace_in(
        governed.project / "seeds/policy/purposes.csv", "Aggregates that describe", "=HYPERLINK(0) that describe"
    )
    folder = governed.root / "record"
    assert governed.bigtrust("processing", "--output", str(folder)).exit_code == 0
    (told,) = [row["purpose"] for row in read(folder / "activities.csv") if row["activity"] == "insights"]
    assert told == "'=HYPERLINK(0) that describe at least k people"


# --- differences ---------------------------------------------------------------------------------------------------


def publish_policy(warehouse: Warehouse) -> None:
    """What a run does with the policy tables that it published."""
    policy.put_aside(warehouse.settings)
    policy.remember(warehouse.settings)


def processing(warehouse: Warehouse) -> tuple[str, Rows]:
    """Make the record in its usual folder; returns what was said, and the differences."""
    result = warehouse.bigtrust("processing")
    assert result.exit_code == 0, result.output
    folder = warehouse.settings.summary.parent / "processing"
    return result.output, read(folder / "changes.csv")


def test_an_edited_window_is_the_one_difference_as_a_draft_and_then_as_a_version(governed: Warehouse) -> None:
    said, found = processing(governed)
    assert "Version 1: the first" in said
    assert found == []
    tables = governed.project / "seeds" / "policy"
    replace_in(tables / "retention_windows.csv", "web_events,analytics,25", "web_events,analytics,13")
    expected = {
        "table": "time_limits",
        "row": "analytics.web events",
        "change": "changed",
        "column": "period",
        "before": "25 months",
        "after": "13 months",
    }
    for _ in range(2):
        said, found = processing(governed)
        assert "Draft of version 2: 1 difference from version 1" in said
        assert found == [expected]
    page = (governed.settings.summary.parent / "processing" / "index.html").read_text(encoding="utf-8")
    assert "A draft, not in force." in page
    assert "<del>25 months</del>" in page
    assert "<ins>13 months</ins>" in page

    replace_in(tables / "settings.csv", "policy_version,", "policy_version,next-")
    publish_policy(governed)
    for _ in range(2):
        said, found = processing(governed)
        assert "Version 2: 1 difference from version 1" in said
        assert found == [expected]
    inventory = read(governed.settings.summary.parent / "processing" / "published_columns.csv")
    assert any("web events: 13 months from event" in row["windows"] for row in inventory)

    replace_in(tables / "settings.csv", "policy_version,next-", "policy_version,last-")
    publish_policy(governed)
    said, found = processing(governed)
    assert "Version 3: no differences from version 2" in said
    assert found == []


def test_a_recipient_that_comes_and_one_that_goes_are_differences_of_its_activity_too(governed: Warehouse) -> None:
    processing(governed)
    path = governed.project / "seeds" / "policy" / "recipients.csv"
    kept = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("assurances-horizon")]
    kept.append(
        "loterie-du-lac,Loterie du Lac SA,CH,partner_sharing,Consent (GDPR art. 6(1)(a)),email,2026-01-01,Adequacy"
    )
    path.write_text("\n".join(kept) + "\n", encoding="utf-8")
    _, found = processing(governed)
    assert [(row["table"], row["row"], row["change"], row["column"]) for row in found] == [
        ("activities", "partner_sharing", "changed", "legal_basis"),
        ("activities", "partner_sharing", "changed", "recipients"),
        ("activities", "partner_sharing", "changed", "transfers"),
        ("recipients", "loterie-du-lac.partner_sharing", "added", ""),
        ("recipients", "assurances-horizon.partner_sharing", "removed", ""),
    ]
    assert "transfer: Adequacy" in found[3]["after"]


# --- what is not possible -------------------------------------------------------------------------------------------


def refused(warehouse: Warehouse, *arguments: str) -> str:
    """The sentence with which the command refuses."""
    result = warehouse.bigtrust("processing", *arguments)
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    return " ".join(result.stderr.split())


def test_without_a_run_there_is_no_record(tmp_path: Path) -> None:
    assert "Nothing has been built yet. Run `bigtrust run` first." in refused(Warehouse(tmp_path))


def test_what_the_last_run_left_must_be_whole(governed: Warehouse) -> None:
    (governed.settings.lineage / "lineage.json").write_text("{", encoding="utf-8")
    assert "lineage.json is missing or damaged. Run `bigtrust run --full-refresh`" in refused(governed)
    (governed.settings.dbt_target / "manifest.json").unlink()
    assert "manifest.json is missing or damaged" in refused(governed)


def test_after_a_run_that_did_not_publish_there_is_no_record(governed: Warehouse) -> None:
    (path,) = governed.settings.runs.glob("*.json")
    path.write_text(path.read_text(encoding="utf-8").replace('"published"', '"refused"'), encoding="utf-8")
    assert "The last run (1) did not publish." in refused(governed)


def test_a_window_that_the_sql_reads_and_the_policy_does_not_have_is_named(governed: Warehouse) -> None:
    path = governed.project / "seeds" / "policy" / "retention_windows.csv"
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("purchases,finance")]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert "retention_windows.csv has no window of purchases for finance, but model" in refused(governed)


def test_a_policy_table_that_cannot_be_read_is_named(governed: Warehouse) -> None:
    path = governed.project / "seeds" / "policy" / "controller.csv"
    path.write_text("role,name\ncontroller,Somebody\n", encoding="utf-8")
    assert "seeds/policy/controller.csv cannot be read as CSV in UTF-8 with the columns role, name, contact" in (
        refused(governed)
    )


def test_a_damaged_memory_of_versions_stops_it_and_a_file_is_no_folder(governed: Warehouse) -> None:
    folder = governed.root / "record"
    folder.mkdir()
    (folder / "versions.json").write_text("{", encoding="utf-8")
    assert "versions.json is damaged. Restore it from your backup, or remove it" in (
        refused(governed, "--output", str(folder))
    )
    assert [path.name for path in folder.iterdir()] == ["versions.json"]
    assert "cannot be written" in refused(governed, "--output", str(folder / "versions.json"))


def test_while_a_run_goes_on_it_waits_for_nothing_and_says_so(governed: Warehouse) -> None:
    with lock.exclusive(governed.settings.warehouse):
        assert governed.bigtrust("processing").exit_code == 4
