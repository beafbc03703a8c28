"""The landing contract is what _landing__sources.yml says; a column that nobody classified stops everything."""

from pathlib import Path

import pytest
import yaml

from bigtrust import contract
from bigtrust.errors import ConfigurationError
from bigtrust.settings import PROJECT

REQUIRED_COLUMNS = {
    "customers": ("customer_id",),
    "products": ("product_id",),
    "purchases": ("purchase_id", "customer_id", "purchased_at"),
    "purchase_lines": ("purchase_id", "line_number", "product_id", "quantity", "unit_price"),
}


def write(project: Path, text: str | bytes) -> Path:
    path = project / contract.FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return project


def test_the_contract_has_the_tables_of_the_design() -> None:
    tables = contract.load(PROJECT)
    assert set(tables) == {
        "customers",
        "consents",
        "product_categories",
        "products",
        "purchases",
        "purchase_lines",
        "returns",
        "web_events",
        "support_tickets",
        "marketing_messages",
        "erasure_requests",
        "legal_holds",
    }
    assert {name for name, table in tables.items() if table.required} == set(REQUIRED_COLUMNS)


@pytest.mark.parametrize("table", REQUIRED_COLUMNS)
def test_keys_times_and_amounts_are_required(table: str) -> None:
    assert contract.load(PROJECT)[table].required_columns == REQUIRED_COLUMNS[table]


def test_the_register_is_no_landing_table() -> None:
    assert "register_requests" not in contract.load(PROJECT)


def test_names_that_people_are_known_by_are_direct_identifiers() -> None:
    tables = contract.load(PROJECT)
    classes = {
        (name, column.name): column.identifier_class for name, table in tables.items() for column in table.columns
    }
    direct = ("customer_id", "first_name", "last_name", "email", "phone", "street", "ip_address", "purchase_id")
    assert {classes[key] for key in classes if key[1] in direct} == {"direct_identifier"}
    assert classes[("support_tickets", "message")] == "free_text"


@pytest.mark.parametrize("written", ["", "config: {meta: {identifier_class: harmless}}", "config: {meta: {}}"])
def test_a_column_without_a_known_identifier_class_is_named(tmp_path: Path, written: str) -> None:
    column = f"{{name: shoe_size{', ' if written else ''}{written}}}"
    table = f"{{name: feet, config: {{meta: {{required: true}}}}, columns: [{column}]}}"
    source = f"sources: [{{name: landing, tables: [{table}]}}]"
    with pytest.raises(
        ConfigurationError, match=r"Column feet\.shoe_size .* has no identifier class\. Give it one of: "
    ):
        contract.load(write(tmp_path, source))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sources:",
        "sources: [{name: landing}]",
        "sources: [{name: landing, tables: [{name: feet}]}]",
        "sources: [{name: landing, tables: [{name: feet, config: {meta: [required]}, columns: []}]}]",
        "sources: [{name: landing, tables: [{name: feet, config: {meta: {required: true}}, columns: [shoe_size]}]}]",
        "sources: [{name: landing, tables: [",
        b"sources: \xff",
        "- not a mapping",
    ],
)
def test_a_damaged_contract_is_named_without_a_traceback(tmp_path: Path, text: str | bytes) -> None:
    with pytest.raises(
        ConfigurationError, match=r"The landing contract models/staging/_landing__sources\.yml cannot be"
    ):
        contract.load(write(tmp_path, text))


def test_a_missing_contract_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        contract.load(tmp_path)


def test_every_column_of_the_contract_is_described() -> None:
    document = yaml.safe_load((PROJECT / contract.FILE).read_text(encoding="utf-8"))
    tables = [table for source in document["sources"] for table in source["tables"]]
    missing = [f"{t['name']}.{c['name']}" for t in tables for c in t["columns"] if not c.get("description")]
    assert missing == []


def test_the_key_is_what_identifies_a_row() -> None:
    tables = contract.load(PROJECT)
    assert tables["purchase_lines"].key == ("purchase_id", "line_number")
    assert all(set(table.key) <= set(table.column_names) and table.key for table in tables.values())
