"""An access report holds everything that the warehouse holds of one person, and nothing of anybody else."""

from __future__ import annotations

import csv
import html
import json
import os
import re
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import jsonschema
import pytest
from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal

import raw_data
from bigtrust import access, contract, ledger, lock
from bigtrust.access import landed
from bigtrust.settings import PROJECT
from warehouse import Warehouse

pytestmark = pytest.mark.xdist_group("access report")  # what they share is built once

SCHEMA = json.loads((PROJECT / "docs" / "schemas" / "access_report.schema.json").read_text(encoding="utf-8"))
OWN, OTHER = "K-EIGEN-é<1>", "K-FREMD-0002"
ZONE = ZoneInfo("Europe/Paris")
DAYS = ("birth_date",)
NUMBERS = {"quantity", "unit_price", "discount"}


class Shop:
    """Landing files in which every column of every table about persons holds a canary, of one person and of another."""

    def __init__(self, folder: Path) -> None:
        self.tables = contract.load(PROJECT)
        self.rows: dict[str, list[dict[str, str]]] = {name: [] for name in self.tables}
        self.canaries: dict[str, list[tuple[str, str, str]]] = {OWN: [], OTHER: []}
        self.withheld: list[tuple[str, str]] = []  # of headers that were delivered again for somebody else
        self._folder = folder
        self._numbers = count(1)
        self._start = datetime.now(UTC).replace(microsecond=0, tzinfo=None) - timedelta(days=200)

    def add(self, person: str, table: str, **given: str) -> dict[str, str]:
        """Add a row of a person with a canary in each column that is not given."""
        row = {column: given.get(column, self._canary(person, table, column)) for column in self.columns(table)}
        self.rows[table].append(row)
        self.canaries[person] += [(table, column, value) for column, value in row.items() if value]
        return row

    def add_corrected(self, person: str, purchase: str) -> None:
        """Add a header of a purchase that turns out to be somebody else's: of it they read the numbers only."""
        row = self.add(person, "purchases", purchase_id=purchase)
        told = {"purchase_id", "customer_id"}
        self.withheld += [(column, value) for column, value in row.items() if column not in told]
        self.canaries[person] = [canary for canary in self.canaries[person] if canary[1:] not in self.withheld]

    def is_withheld(self, row: dict[str, str]) -> bool:
        """Whether a row is a header that was delivered again for somebody else."""
        return ("purchased_at", row["purchased_at"]) in self.withheld

    def columns(self, table: str) -> tuple[str, ...]:
        """The columns of a table by the contract."""
        return self.tables[table].column_names

    def write(self) -> None:
        """Write the landing files."""
        self._folder.mkdir(parents=True)
        for name, rows in self.rows.items():
            with (self._folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, self.columns(name))
                writer.writeheader()
                writer.writerows(rows)

    def _canary(self, person: str, table: str, column: str) -> str:
        number = next(self._numbers)
        if column == "customer_id":
            return person
        if column in DAYS:
            return f"19{40 + number % 50}-0{1 + number % 9}-{10 + number % 18}"
        if column.endswith("_at") or column in ("held_from", "held_until"):
            moment = self._start + timedelta(hours=number, minutes=number % 60, seconds=(7 * number) % 60)
            return moment.isoformat(sep=" ")
        if column in NUMBERS:
            return f"{number}.{number % 90 + 10}"
        values = {"granted": "true", "satisfaction": "4", "line_number": "1", "scope": "purchase", "country": "FR"}
        mark = "eigen" if person == OWN else "fremd"
        return values.get(column, f"{mark} «{table}»&{column} {number}é")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Shop, Warehouse]:
    """Two persons in every table and column, anonymous neighbours, a shared category; after one run."""
    warehouse = Warehouse(tmp_path_factory.mktemp("canaries"))
    made = Shop(warehouse.landing)
    made.rows["product_categories"].append({"category_id": "shared", "name": "Shared category"})
    for number in (1, 2):
        product = {
            "product_id": f"P-{number}",
            "category_id": "shared",
            "name": f"Product {number}",
            "list_price": "9.5",
        }
        made.rows["products"].append(product)
    for person, product in ((OWN, "P-1"), (OTHER, "P-2")):
        made.add(person, "customers", language="fr", updated_at="2024-05-01 10:00:00")
        made.add(person, "customers", language="fr", updated_at="2023-05-01 10:00:00")  # an older version
        made.add(person, "consents")
        bought = made.add(person, "purchases", channel="web")["purchase_id"]
        made.add(person, "purchase_lines", purchase_id=bought, product_id=product)
        made.add(person, "returns", purchase_id=bought)
        made.add(person, "web_events", product_id=product, category_id="shared", purchase_id=bought)
        made.add(person, "support_tickets", purchase_id=bought)
        made.add(person, "marketing_messages", category_id="shared", purchase_id=bought)
        forgotten = made.add(person, "purchases", channel="store")["purchase_id"]
        made.add(person, "purchase_lines", purchase_id=forgotten, product_id=product)
        made.add(
            person, "erasure_requests", purchase_id=forgotten, line_number="", category_id="shared", withdrawn_at=""
        )
        ahead = "2091-02-03 04:05:06" if person == OWN else "2092-03-04 05:06:07"
        made.add(person, "legal_holds", purchase_id=bought, held_until=ahead)
        # a row that staging rejects, one that names a purchase and nobody, one with spaces around the number
        made.add(person, "web_events", occurred_at="yesterday")
        made.add(person, "support_tickets", customer_id="", purchase_id=bought)
        made.add(person, "marketing_messages", customer_id=f" {person}\u00a0")
        # a header that was corrected: the purchase is of whom the later one names
        other = OTHER if person == OWN else OWN
        corrected = f"T-corrected-{len(made.rows['purchases'])}"
        made.add_corrected(other, corrected)
        made.add(person, "purchases", purchase_id=corrected)
        made.add(person, "purchase_lines", purchase_id=corrected, product_id=product)
        if person == OWN:  # what names a purchase of one and the number of the other is the other's
            made.add(other, "support_tickets", purchase_id=bought)
    for number in range(3):
        anonymous = {"purchase_id": f"T-anonymous-{number}", "purchased_at": "2026-01-01 10:00:00", "channel": "store"}
        made.rows["purchases"].append(anonymous)
        made.rows["purchase_lines"].append(
            {
                "purchase_id": f"T-anonymous-{number}",
                "line_number": "1",
                "product_id": "P-1",
                "quantity": "1",
                "unit_price": "9",
            }
        )
        made.rows["web_events"].append(
            {
                "event_id": f"E-anonymous-{number}",
                "occurred_at": "2026-01-01 10:00:00",
                "ip_address": f"203.0.113.{number}",
            }
        )
    made.write()
    warehouse.run_unchecked()
    return made, warehouse


Made = tuple[dict[str, Any], str, str]  # the JSON file, as text and read, and the page


PRINTED = (
    "Rows and requests that are held where rows landing N register N vault N publications N The report is in DIR: "
    "access-report.html and access-report.json. It is personal data: hand it over to the person it is about, and "
    "delete it here."
)
_made: dict[tuple[Path, str, tuple[str, ...]], Made] = {}


def report(warehouse: Warehouse, customer: str, *arguments: str) -> Made:
    """The report about a customer, made once. Nothing but numbers may be printed."""
    key = (warehouse.root, customer, arguments)
    if key not in _made:
        output = warehouse.root / "reports" / str(len(_made))
        result = warehouse.bigtrust("access-report", "--customer", customer, "--output", str(output), *arguments)
        assert result.exit_code == 0, result.output
        printed = re.sub(r"\b[\d,]+\b", "N", result.output.replace(str(output), "DIR"))
        assert " ".join(printed.split()) == PRINTED
        text = (output / access.DATA).read_text(encoding="utf-8")
        _made[key] = (json.loads(text), text, (output / access.PAGE).read_text(encoding="utf-8"))
    return _made[key]


def values_in(content: dict[str, Any], table: str) -> list[dict[str, str | None]]:
    """The delivered values of the rows of a landing table in a report."""
    (found,) = [each for each in content["landing"] if each["table"] == table]
    return [row["values"] for row in found["rows"]]


def rows_in(content: dict[str, Any], table: str) -> list[dict[str, Any]]:
    """The rows of a landing table in a report."""
    (found,) = [each for each in content["landing"] if each["table"] == table]
    return list(found["rows"])


def on_the_page(column: str, value: str) -> set[str]:
    """The ways in which the French page may show a canary."""
    shown = {value.strip(" \u00a0")}
    if column in DAYS:
        shown = {format_date(datetime.fromisoformat(value).date(), "long", locale="fr_FR")}
    elif column.endswith("_at") or column in ("held_from", "held_until"):
        try:
            moment = datetime.fromisoformat(value).replace(tzinfo=ZONE)
            shown = {format_datetime(moment, "medium", tzinfo=ZONE, locale="fr_FR")}
        except ValueError:
            pass
    elif column in NUMBERS:
        shown = {format_decimal(value, locale="fr_FR", decimal_quantization=False)}
    elif column == "granted":
        shown = {"oui"}
    elif column == "scope":
        shown = {"achat"}
    elif column == "channel":
        shown |= {{"web": "site", "store": "magasin"}.get(value, value)}
    return {html.escape(each, quote=False).replace('"', "&#34;").replace("'", "&#39;") for each in shown}


# --- completeness ---------------------------------------------------------------------------------------------------


def test_every_value_of_the_person_in_every_table_and_column_is_in_the_report(shop: tuple[Shop, Warehouse]) -> None:
    made, warehouse = shop
    content, _, page = report(warehouse, OWN)
    assert {(table, column) for table, column, _ in made.canaries[OWN]} == {
        (table, column) for table in landed.TABLES for column in made.columns(table)
    } - {("erasure_requests", "line_number"), ("erasure_requests", "withdrawn_at")}
    missing = [
        (table, column)
        for table, column, value in made.canaries[OWN]
        if value not in [row.get(column) for row in values_in(content, table)]
        or not any(shown in page for shown in on_the_page(column, value))
    ]
    assert missing == []


@pytest.mark.parametrize(
    ("customer", "stranger", "mark"), [(OWN, OTHER, "fremd"), (OTHER, OWN, "eigen «purchase_lines")]
)
def test_nothing_of_another_person_is_in_the_report(
    shop: tuple[Shop, Warehouse], customer: str, stranger: str, mark: str
) -> None:
    made, warehouse = shop
    _, text, page = report(warehouse, customer)
    for part in (text, html.unescape(page)):
        assert stranger not in part
        assert mark not in part
        assert "nonymous" not in part
    own = {value for _, _, value in made.canaries[customer]}
    shared = {"category_id", "product_id", "updated_at"}
    strange = {
        value: (table, column)
        for table, column, value in made.canaries[stranger]
        if len(value) > 4 and value not in own and column not in shared
    }
    assert len(strange) > 70
    assert [place for value, place in strange.items() if value in text] == []


def test_the_report_holds_each_row_of_the_person_once(shop: tuple[Shop, Warehouse]) -> None:
    made, warehouse = shop
    content, _, _ = report(warehouse, OWN)
    for table in landed.TABLES:
        first = made.columns(table)[0]
        delivered = [value for name, column, value in made.canaries[OWN] if (name, column) == (table, first)]
        assert sorted(delivered) == sorted(str(row[first]) for row in values_in(content, table)), table


def test_of_a_corrected_purchase_whom_it_was_taken_for_reads_the_numbers_only(shop: tuple[Shop, Warehouse]) -> None:
    made, warehouse = shop
    assert {column for column, _ in made.withheld} >= {"purchased_at", "store_id", "payment_reference"}
    for customer in (OWN, OTHER):
        content, text, page = report(warehouse, customer)
        jsonschema.validate(content, SCHEMA)
        (elsewhere,) = [row for row in rows_in(content, "purchases") if row["is_elsewhere"]]
        moved = elsewhere["values"]["purchase_id"]
        assert elsewhere["values"] == elsewhere["read"] == {"purchase_id": moved, "customer_id": customer}
        assert moved in page
        for column, value in made.withheld:
            assert value not in text, column
            assert not any(shown in page for shown in on_the_page(column, value)), column
        assert "son contenu concerne cette autre personne" in page
        assert moved not in [line["purchase_id"] for line in values_in(content, "purchase_lines")]
        kept = [line["purchase_id"] for line in values_in(content, "purchase_lines")]
        assert any(purchase and purchase.startswith("T-corrected") for purchase in kept)
        assert "un autre numéro de client" in page


def test_rows_say_what_became_of_them_and_until_when_they_serve(shop: tuple[Shop, Warehouse]) -> None:
    _, warehouse = shop
    content, _, page = report(warehouse, OWN)
    jsonschema.validate(content, SCHEMA)
    assert {row["state"] for row in rows_in(content, "customers")} == {"used", "superseded"}
    (rejected,) = [row for row in rows_in(content, "web_events") if row["state"] == "rejected"]
    assert rejected["reason"] == "occurred_at_unreadable"
    assert "est illisible" in page
    forgotten = [row for row in rows_in(content, "purchases") if row["is_forgotten"]]
    assert [use["state"] for row in forgotten for use in row["uses"] if use["purpose"] == "analytics"] == ["forgotten"]
    assert [use["state"] for row in forgotten for use in row["uses"] if use["purpose"] == "finance"] == ["in_use"]
    (request,) = content["register"]["requests"]
    assert (request["state"], request["since_run"]) == ("effective", 1)
    assert any(row["is_held"] for row in rows_in(content, "purchases"))
    bought = next(row for row in rows_in(content, "purchases") if row["state"] == "used" and not row["is_forgotten"])
    day = datetime.fromisoformat(str(bought["values"]["purchased_at"]))
    until = {use["purpose"]: use["until"] for use in bought["uses"]}
    assert until["finance"] == f"{day.year + 10}-{day.month:02}-{day.day:02}"
    assert until["analytics"] == f"{day.year + 3}-{day.month:02}-{day.day:02}"
    assert bought["needed_until"] == until["finance"]


def test_a_landed_file_that_no_run_has_read_is_in_the_report(shop: tuple[Shop, Warehouse], tmp_path: Path) -> None:
    _, warehouse = shop
    later = warehouse.copy(tmp_path / "later")
    deliver_beside(later.landing, "2.csv", choice("true", "2026-11-01 10:00:00"))
    content, _, _ = report(later, OWN)
    assert [row["state"] for row in rows_in(content, "consents") if row["file"] == "2.csv"] == ["new"]


def append(landing: Path, table: str, *rows: dict[str, str]) -> None:
    """Replace a landing file under the same name: no run has read it as it is now."""
    with (landing / f"{table}.csv").open("r+", encoding="utf-8", newline="") as file:
        columns = next(csv.reader(file))
        file.seek(0, os.SEEK_END)
        csv.DictWriter(file, columns).writerows(rows)


def deliver_beside(landing: Path, name: str, word: dict[str, str]) -> None:
    """Deliver another file of consents beside the one that a run has read."""
    folder = landing / "consents"
    folder.mkdir()
    (landing / "consents.csv").rename(folder / "consents.csv")
    (folder / name).write_text(f"{','.join(word)}\n{','.join(word.values())}\n", encoding="utf-8")


def give_out(warehouse: Warehouse, *files: tuple[str, str, str, str]) -> None:
    """Record files of addresses: kind, purpose, subject and moment of each."""
    folder = warehouse.settings.register / "disclosures"
    folder.mkdir(exist_ok=True)
    for number, (kind, purpose, subject, at) in enumerate(files):
        content = {"disclosed_at": at, "kind": kind, "campaign": "winter", "subject": subject} | {
            "recipient": "courriels-de-loire", "purpose": purpose, "legal_basis": "x", "columns": "first_name email",
            "persons": 12, "use_until": "2026-12-20", "policy_version": "v", "commitment": "0" * 64,
        }  # fmt: skip
        (folder / f"{number}.json").write_text(json.dumps(content), encoding="utf-8")


def choice(granted: str, at: str) -> dict[str, str]:
    """A word on marketing, as delivered."""
    return {"customer_id": OWN, "purpose": "marketing", "granted": granted, "recorded_at": at, "channel": "till"}


def test_files_that_were_replaced_since_the_last_run_say_as_much_as_before(
    shop: tuple[Shop, Warehouse], tmp_path: Path
) -> None:
    _, warehouse = shop
    later = warehouse.copy(tmp_path / "replaced")
    append(later.landing, "consents", choice("true", "2026-01-01 10:00:00"))
    for table in ("customers", "purchases", "purchase_lines"):
        append(later.landing, table, {"customer_id": "K-other"} if table != "purchase_lines" else {})
    made_at = datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")
    give_out(later, ("offer", "marketing", "shared", made_at), ("recall", "recall", "P-1", made_at))
    content, _, page = report(later, OWN)
    jsonschema.validate(content, SCHEMA)
    for table in ("customers", "consents", "purchases", "purchase_lines"):
        assert {row["state"] for row in rows_in(content, table)} == {"new"}, table
    assert content["language"] == "fr"
    assert [file["concerned"] for file in content["disclosures"]] == ["possible", "possible"]
    assert "marketing" in [word["purpose"] for word in content["choices"] if word["counts"] and word["granted"]]
    assert "recevoir nos offres" in page.partition('id="brief"')[2].partition("</ul>")[0]


def test_a_withdrawal_counts_as_soon_as_it_is_delivered_and_does_not_hide_an_earlier_file(
    shop: tuple[Shop, Warehouse], tmp_path: Path
) -> None:
    _, warehouse = shop
    agreed = warehouse.copy(tmp_path / "agreed")
    append(agreed.landing, "consents", choice("true", "2026-01-01 10:00:00"))
    agreed.run_unchecked()
    give_out(agreed, ("offer", "marketing", "shared", "2026-02-01T19:00:00.000"))
    later = agreed.copy(tmp_path / "withdrawn")
    deliver_beside(later.landing, "night.csv", choice("false", "2026-02-01 18:00:00"))
    before, _, _ = report(agreed, OWN)
    content, _, page = report(later, OWN)
    for found, granted in ((before, True), (content, False)):
        words = [word for word in found["choices"] if word["purpose"] == "marketing"]
        assert [word["granted"] for word in words if word["counts"]] == [granted]
        assert [file["concerned"] for file in found["disclosures"]] == ["possible"]
    assert [row["file"] for row in rows_in(content, "consents") if row["counts"] and row["state"] == "new"] == [
        "night.csv"
    ]
    assert "Possible : vous y étiez peut-être." in html.unescape(page).replace("\u00a0", " ")


def test_a_purchase_that_was_corrected_to_somebody_else_does_not_hide_a_recall(
    shop: tuple[Shop, Warehouse], tmp_path: Path
) -> None:
    made, warehouse = shop
    later = warehouse.copy(tmp_path / "recalled")
    (header,) = [row for row in made.rows["purchases"] if made.is_withheld(row) and row["customer_id"] == OWN]
    bought_at = datetime.fromisoformat(header["purchased_at"])
    moments = [bought_at - timedelta(hours=12), bought_at + timedelta(hours=12)]
    give_out(later, *(("recall", "recall", "P-2", at.isoformat(timespec="milliseconds")) for at in moments))
    content, text, page = report(later, OWN)
    assert [file["concerned"] for file in content["disclosures"]] == ["did_not_buy", "possible"]
    assert "Probablement pas : d’après ce que nous avons aujourd’hui, vous n’aviez pas acheté ce produit." in (
        html.unescape(page).replace("\u00a0", " ")
    )
    assert not [value for _, value in made.withheld if value in text]


def test_a_correction_that_no_run_has_read_gives_no_dates_away(shop: tuple[Shop, Warehouse], tmp_path: Path) -> None:
    made, warehouse = shop
    later = warehouse.copy(tmp_path / "correction")
    bought = next(row for row in made.rows["purchases"] if row.get("customer_id") == OWN and row["channel"] == "web")
    folder = later.landing / "purchases"
    folder.mkdir()
    (later.landing / "purchases.csv").rename(folder / "purchases.csv")
    with (folder / "z.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, made.columns("purchases"))
        writer.writeheader()
        writer.writerow(bought | {"customer_id": OTHER})
    content, _, _ = report(later, OWN)
    (row,) = [row for row in rows_in(content, "purchases") if row["values"]["purchase_id"] == bought["purchase_id"]]
    assert row["state"] == "used"
    assert row["is_elsewhere"]
    assert row["values"] == row["read"] == {"purchase_id": bought["purchase_id"], "customer_id": OWN}
    assert (row["uses"], row["needed_until"], row["due_since"]) == ([], None, None)


def test_who_asked_that_everything_be_forgotten_has_no_choice_that_counts_before_the_next_run(
    shop: tuple[Shop, Warehouse], tmp_path: Path
) -> None:
    _, warehouse = shop
    later = warehouse.copy(tmp_path / "asked")
    append(later.landing, "consents", choice("true", "2026-01-01 10:00:00"))
    assert later.bigtrust("forget", "--customer", OWN, "--channel", "till").exit_code == 0
    content, _, _ = report(later, OWN)
    assert [request["state"] for request in content["register"]["requests"]] == ["effective", "waiting"]
    assert [word for word in content["choices"] if word["counts"]] == []


# --- requests and receipts ------------------------------------------------------------------------------------------


def test_the_receipts_of_the_persons_requests_are_in_the_report_and_nobody_elses(
    shop: tuple[Shop, Warehouse], tmp_path: Path
) -> None:
    _, warehouse = shop
    later = warehouse.copy(tmp_path / "receipts")
    for person in (OWN, OTHER):
        assert later.bigtrust("forget", "--customer", person, "--channel", "web").exit_code == 0
    receipts = later.settings.register / "receipts"
    requests = {
        path.stem: json.loads((later.settings.register / path.name).read_text()) for path in receipts.glob("*.json")
    }
    (own,) = [name for name, request in requests.items() if request["customer_id"] == OWN]
    (other,) = [name for name, request in requests.items() if request["customer_id"] == OTHER]
    content, text, page = report(later, OWN)
    jsonschema.validate(content, SCHEMA)
    told = {request["request_id"]: request["receipt"] for request in content["register"]["requests"]}
    assert told[own] == json.loads((receipts / f"{own}.json").read_text(encoding="utf-8"))
    assert own in page
    receipt = json.loads((receipts / f"{other}.json").read_text(encoding="utf-8"))["receipt"]
    for canary in (other, receipt["nonce"], receipt["subject"]):
        assert canary not in text
        assert canary not in page
    # landing may deliver a number that somebody else's request has
    landed_twice = requests[other] | {"customer_id": OWN}
    (later.settings.register / "L-0123456789abcdef.json").write_text(json.dumps(landed_twice), encoding="utf-8")
    content, text, _ = report(later, OWN, "--language", "en")
    told = {request["request_id"]: request["receipt"] for request in content["register"]["requests"]}
    assert told[other] is None
    assert receipt["nonce"] not in text


def test_a_damaged_receipt_is_named(shop: tuple[Shop, Warehouse], tmp_path: Path) -> None:
    _, warehouse = shop
    later = warehouse.copy(tmp_path / "damaged")
    assert later.bigtrust("forget", "--customer", OWN, "--channel", "web").exit_code == 0
    (path,) = (later.settings.register / "receipts").glob("*.json")
    path.write_text("{", encoding="utf-8")
    result = later.bigtrust("access-report", "--customer", OWN, "--output", str(tmp_path / "out"))
    assert result.exit_code == 2
    assert "is damaged. Restore it" in " ".join(result.output.split())


# --- who answers, and what the page claims --------------------------------------------------------------------------


def test_the_page_names_the_controller_and_the_officer_and_claims_no_more_than_the_warehouse_holds(
    shop: tuple[Shop, Warehouse],
) -> None:
    _, warehouse = shop
    with (PROJECT / "seeds" / "policy" / "controller.csv").open(encoding="utf-8", newline="") as file:
        expected = list(csv.DictReader(file))
    for language, said in (
        (
            "fr",
            (
                "tout ce que notre entrepôt de données détient sur vous",
                "Responsable du traitement",
                "Délégué à la protection des données de Maison Beaulieu SAS",
                "Personne hors de l’entreprise, sauf lors d’un rappel",
                "Le prestataire qui les envoie.",
                "Il est réservé au traitement et au bureau de la protection des données.",
            ),
        ),
        (
            "en",
            (
                "all that our data warehouse has about you",
                "Controller",
                "Data protection officer of Maison Beaulieu SAS",
                "Nobody outside the company, except in a recall",
                "The firm that sends them.",
                "It is reserved for the processing and the privacy office.",
            ),
        ),
    ):
        content, _, page = report(warehouse, OWN, "--language", language)
        assert content["policy"]["controller"] == expected
        shown = html.unescape(page).replace("\u00a0", " ")
        for text in (*said, "contact@example.com", "privacy@example.com"):
            assert text in shown, text


def test_a_vault_of_an_older_version_that_names_no_controller_is_run_again(
    shop: tuple[Shop, Warehouse], tmp_path: Path
) -> None:
    _, warehouse = shop
    old = warehouse.copy(tmp_path / "old")
    with duckdb.connect(str(old.settings.vault)) as connection:
        connection.execute("drop table policy.controller")
    result = old.bigtrust("access-report", "--customer", OWN, "--output", str(tmp_path / "out"))
    assert result.exit_code == 2
    assert "does not name the controller" in result.output


# --- the demo -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def demo(published: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """A copy of the published demo warehouse, in which reports are made."""
    return published.copy(tmp_path_factory.mktemp("demo") / "warehouse")


def source(landing: Path, table: str) -> str:
    """The delivered files of a landing table, all columns as text."""
    paths = [landing / f"{table}{suffix}" for suffix in (".csv", ".parquet")]
    if (landing / table).is_dir():
        paths = sorted((landing / table).iterdir())
    (kind,) = {path.suffix for path in paths if path.exists()}
    names = ", ".join(f"'{path}'" for path in paths if path.exists())
    if kind == ".csv":
        return f"(from read_csv([{names}], all_varchar = true, header = true, union_by_name = true))"
    return f"(select columns(*)::varchar from read_parquet([{names}], union_by_name = true))"


def own_rows(landing: Path, customer: str) -> Iterator[tuple[str, dict[str, str | None]]]:
    """Every delivered row with the number of a customer, and the lines and returns of their purchases; read plainly."""
    with duckdb.connect() as connection:
        purchases = source(landing, "purchases")
        for table in landed.TABLES:
            condition = "trim(customer_id) = $customer"
            if table in ("purchase_lines", "returns"):
                condition = f"trim(purchase_id) in (select trim(purchase_id) from {purchases} where {condition})"
            cursor = connection.execute(f"from {source(landing, table)} where {condition}", {"customer": customer})
            names = [column[0] for column in cursor.description or []]
            yield from ((table, dict(zip(names, row, strict=True))) for row in cursor.fetchall())


def some_customers(landing: Path) -> dict[str, str]:
    """Customers of whom there is much, of whom there is little, who asked to be forgotten, and who bought nothing."""
    with duckdb.connect() as connection:

        def first(query: str) -> str:
            return str(connection.execute(query).fetchall()[0][0])

        requests, purchases, customers = (
            source(landing, name) for name in ("erasure_requests", "purchases", "customers")
        )
        return {
            "much": first(
                f"select customer_id from {purchases} where customer_id is not null group by 1 order by count(*) desc"
            ),
            "forgotten": first(f"select customer_id from {requests} where scope = 'person'"),
            "asked": first(f"select customer_id from {requests} where scope = 'category'"),
            "no purchase": first(
                f"select trim(customer_id) from {customers} where customer_id is not null and trim(customer_id) not in "
                f"(select trim(customer_id) from {purchases} where customer_id is not null) order by 1"
            ),
        }


@pytest.mark.parametrize("who", ["much", "forgotten", "asked", "no purchase"])
def test_every_landed_row_of_a_customer_of_the_demo_is_in_the_report_and_nobody_elses_identifier(
    demo: Warehouse, who: str
) -> None:
    customer = some_customers(demo.landing)[who]
    content, text, page = report(demo, customer)
    jsonschema.validate(content, SCHEMA)
    expected = list(own_rows(demo.landing, customer))
    assert expected
    for table, row in expected:
        assert row in [{name: given[name] for name in row} for given in values_in(content, table)], table
    own = [value for _, row in expected for value in row.values() if value]
    own += [value for row in values_in(content, "support_tickets") for value in row.values() if value]
    mine = " ".join(own).lower()
    others = {value for value in raw_data.identifiers_and_free_text(demo.landing) if value.lower() not in mine}
    assert len(others) > 1000
    search = raw_data.Search(others)
    assert [search.patterns[found[0]] for found in found_in(search, text)] == []
    assert [search.patterns[found[0]] for found in found_in(search, page)] == []


def found_in(search: raw_data.Search, text: str) -> list[tuple[int, int, int]]:
    """Where values of others are in a text."""
    return list(search._automaton.find_matches_as_indexes(text.encode()))


def test_what_is_published_of_a_customer_is_in_the_report(demo: Warehouse) -> None:
    customer = some_customers(demo.landing)["much"]
    content, _, _ = report(demo, customer)
    counts = {
        f"{each['publication']}.{relation['relation']}": len(relation["rows"])
        for each in content["publications"]
        for relation in each["relations"]
    }
    for publication, pseudonyms in (
        ("analytics", "person_pseudonyms"),
        ("marketing", "marketing_person_pseudonyms"),
        ("service", "service_person_pseudonyms"),
    ):
        found = demo.vault(f"select person_pseudonym from restricted.{pseudonyms} where customer_id = ?", customer)
        relations = demo.query(
            publication,
            "select table_schema || '.' || table_name from information_schema.columns "
            "where column_name = 'person_pseudonym'",
        )
        for (relation,) in relations:
            ((rows,),) = demo.query(
                publication,
                f"select count(*) from {relation} where person_pseudonym in (select unnest(?::uuid[]))",
                [pseudonym for (pseudonym,) in found],
            )
            assert counts.get(f"{publication}.{relation}", 0) == rows, relation
    assert counts["analytics.marts.purchases"] > 10
    assert not [
        each for each in content["publications"] if each["publication"] in ("finance", "insights") and each["relations"]
    ]
    maps = {relation["relation"] for relation in content["vault"]}
    assert {"restricted.person_pseudonyms", "restricted.purchase_pseudonyms", "restricted.person_activity"} <= maps


@pytest.mark.parametrize("who", ["much", "forgotten", "asked"])
def test_until_when_each_row_serves_is_what_the_publications_say(demo: Warehouse, who: str) -> None:
    content, _, _ = report(demo, some_customers(demo.landing)[who])

    def foretold(purpose: str, *tables: str) -> list[str]:
        return sorted(
            str(use["until"])
            for table in tables
            for row in rows_in(content, table)
            for use in row["uses"]
            if (use["purpose"], use["state"]) == (purpose, "in_use")
        )

    def published_until(publication: str, relation: str) -> list[str]:
        (found,) = [each for each in content["publications"] if each["publication"] == publication]
        return sorted(
            str(row["visible_until"])
            for copy in found["relations"]
            if copy["relation"] == relation
            for row in copy["rows"]
        )

    contacts = ("web_events", "support_tickets", "marketing_messages")
    assert foretold("analytics", "customers") == published_until("analytics", "protected.customers")
    assert foretold("analytics", "purchases") == published_until("analytics", "protected.purchases")
    assert foretold("analytics", "purchase_lines") == published_until("analytics", "protected.purchase_lines")
    assert foretold("analytics", "returns") == published_until("analytics", "protected.returns")
    assert foretold("analytics", *contacts) == published_until("analytics", "protected.touchpoints")
    assert foretold("service", "support_tickets") == published_until("service", "protected.contacts")
    assert len(foretold("analytics", "purchases", *contacts)) > 0 or who == "forgotten"


def test_who_asked_that_everything_be_forgotten_reads_what_remains_and_why(demo: Warehouse) -> None:
    customer = some_customers(demo.landing)["forgotten"]
    content, _, page = report(demo, customer, "--language", "fr")
    assert any(request["scope"] == "person" for request in content["register"]["requests"])
    assert "Vous nous avez demandé de tout oublier" in page
    assert "L123-22" in page
    assert "registre retient" in page
    forgotten = [row for row in rows_in(content, "purchases") if row["is_forgotten"]]
    assert forgotten
    assert all(use["state"] in ("forgotten", "in_use", "ended") for row in forgotten for use in row["uses"])


def test_the_language_is_that_of_the_customer_unless_another_is_asked_for(demo: Warehouse) -> None:
    with duckdb.connect() as connection:
        customers = source(demo.landing, "customers")
        english = connection.execute(
            f"select trim(customer_id) from {customers} where customer_id is not null group by 1 "
            "having bool_and(language = 'en') order by 1 limit 1"
        ).fetchall()[0][0]
    assert '<html lang="en">' in report(demo, english)[2]
    assert '<html lang="fr">' in report(demo, english, "--language", "fr")[2]


def test_labels_are_there_for_every_column_and_relation_that_is_shown(demo: Warehouse) -> None:
    content, _, page = report(demo, some_customers(demo.landing)["much"])
    texts = access.wording.texts()
    relations = [*content["vault"], *(copy for each in content["publications"] for copy in each["relations"])]
    shown = [copy for copy in relations if not copy["relation"].startswith("protected.")]
    assert {copy["relation"] for copy in shown} <= set(texts["relations"])
    assert {column for copy in shown for row in copy["rows"] for column in row} <= set(texts["columns"])
    assert "{" not in page.partition("</style>")[2]


# --- addresses that were given out ----------------------------------------------------------------------------------


def test_files_of_addresses_say_what_can_be_said(demo: Warehouse, tmp_path: Path) -> None:
    given = demo.copy(tmp_path / "given")
    customer = some_customers(given.landing)["much"]
    bought = next(row for table, row in own_rows(given.landing, customer) if table == "purchase_lines")["product_id"]
    give_out(
        given,
        ("recall", "recall", str(bought), "2026-11-20T10:00:00.000"),
        ("recall", "recall", "P-never-sold", "2026-11-20T10:00:00.000"),
        ("offer", "marketing", "lave-linge", "1999-01-01T10:00:00.000"),
    )
    found, text, page = report(given, customer)
    assert [file["concerned"] for file in found["disclosures"]] == ["possible", "did_not_buy", "not_yet_known"]
    assert "vous y étiez peut-être" in page
    assert "commitment" not in text
    assert '"persons"' not in text


# --- where and how it is written ------------------------------------------------------------------------------------


def test_the_files_are_their_owners_alone_and_that_they_were_made_is_recorded_without_saying_of_whom(
    demo: Warehouse, tmp_path: Path
) -> None:
    customer = some_customers(demo.landing)["no purchase"]
    before = len(ledger.entries(demo.settings))
    old = os.umask(0)
    try:
        output = tmp_path / "reports" / "one"
        result = demo.bigtrust("access-report", "--customer", customer, "--output", str(output))
    finally:
        os.umask(old)
    assert result.exit_code == 0, result.output
    assert stat.S_IMODE(output.stat().st_mode) == 0o700
    assert {path.name for path in output.iterdir()} == {access.PAGE, access.DATA}
    assert {stat.S_IMODE(path.stat().st_mode) for path in output.iterdir()} == {0o600}
    assert [path.name for path in output.parent.iterdir()] == ["one"]
    (entry,) = ledger.entries(demo.settings)[before:]
    assert set(entry) == {"number", "at", "kind"}
    assert entry["kind"] == "access_report"
    again = demo.bigtrust("access-report", "--customer", customer, "--output", str(output))
    assert again.exit_code == 2
    assert "is there already" in again.output


@pytest.mark.parametrize("name", ["published", "site", "landing", "register", "ledger", "warehouse"])
def test_no_report_goes_where_others_read_or_runs_work(demo: Warehouse, name: str) -> None:
    folder = getattr(demo.settings, name) / "reports"
    result = demo.bigtrust("access-report", "--customer", "x", "--output", str(folder))
    assert result.exit_code == 2
    assert "Access reports are personal data" in result.output
    assert not folder.exists()


def test_no_report_is_made_that_is_not_recorded(demo: Warehouse, tmp_path: Path) -> None:
    broken = demo.copy(tmp_path / "broken")
    broken.settings.ledger.mkdir(exist_ok=True)
    (broken.settings.ledger / "00000001.json").write_text("no page", encoding="utf-8")
    customer = some_customers(broken.landing)["no purchase"]
    result = broken.bigtrust("access-report", "--customer", customer, "--output", str(tmp_path / "out"))
    assert result.exit_code != 0
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob(".out*"))


def test_what_a_killed_command_left_beside_is_removed_by_the_next_report_of_the_same_name(
    demo: Warehouse, tmp_path: Path
) -> None:
    customer = some_customers(demo.landing)["no purchase"]
    left, others = tmp_path / ".out.0123abcd", [tmp_path / ".out.notes", tmp_path / ".other.0123abcd"]
    for folder in (left, *others):
        folder.mkdir(mode=0o700)
        (folder / access.PAGE).write_text("half", encoding="utf-8")
    result = demo.bigtrust("access-report", "--customer", customer, "--output", str(tmp_path / "out"))
    assert result.exit_code == 0, result.output
    assert not left.exists()
    assert all((folder / access.PAGE).exists() for folder in others)


@pytest.mark.parametrize("customer", ["K-UNBEKANNT-77", "", " \u00a0"])
def test_who_is_not_known_is_told_so_without_repeating_the_number(
    demo: Warehouse, tmp_path: Path, customer: str
) -> None:
    result = demo.bigtrust("access-report", "--customer", customer, "--output", str(tmp_path / "out"))
    assert result.exit_code == 3
    assert "nothing is held under this number" in result.output
    assert "UNBEKANNT" not in result.output
    assert not (tmp_path / "out").exists()


def test_while_a_run_is_under_way_no_report_is_made(demo: Warehouse, tmp_path: Path) -> None:
    with lock.exclusive(demo.settings.warehouse):
        result = demo.bigtrust("access-report", "--customer", "x", "--output", str(tmp_path / "out"))
    assert result.exit_code == 4


def test_before_the_first_run_it_says_so(tmp_path: Path) -> None:
    empty = Warehouse(tmp_path / "empty")
    result = empty.bigtrust("access-report", "--customer", "x", "--output", str(tmp_path / "out"))
    assert result.exit_code == 2
    assert "Run `bigtrust run` first" in result.output


def test_a_vault_whose_build_was_not_published_is_not_searched(demo: Warehouse, tmp_path: Path) -> None:
    stopped = demo.copy(tmp_path / "stopped")
    with duckdb.connect(str(stopped.settings.vault)) as connection:
        connection.execute("drop table last_run.build")
    result = stopped.bigtrust("access-report", "--customer", "x", "--output", str(tmp_path / "out"))
    assert result.exit_code == 2
    assert "stopped half-way" in result.output


def test_with_a_lost_register_no_report_is_made(demo: Warehouse, tmp_path: Path) -> None:
    lost = demo.copy(tmp_path / "lost")
    for path in lost.settings.register.glob("L-*.json"):
        path.unlink()
    customer = some_customers(lost.landing)["forgotten"]
    result = lost.bigtrust("access-report", "--customer", customer, "--output", str(tmp_path / "out"))
    assert result.exit_code == 3
    assert "Restore the register" in result.output
    assert not (tmp_path / "out").exists()


def test_optional_tables_may_be_missing(demo: Warehouse, tmp_path: Path) -> None:
    bare = demo.copy(tmp_path / "bare")
    for name in ("support_tickets.csv", "legal_holds.parquet", "returns.parquet", "marketing_messages.parquet"):
        (bare.landing / name).unlink()
    content, _, _ = report(bare, some_customers(bare.landing)["much"])
    assert values_in(content, "returns") == []
    assert values_in(content, "purchases")
