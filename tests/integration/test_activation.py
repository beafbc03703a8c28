"""The one controlled way back to addresses: who is in a file, who is not, and what is told of it."""

from __future__ import annotations

import csv
import json
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from as_if_never.retention import months_after
from bigtrust import activation, contract, disclosures, landing
from bigtrust.activation import Offer, Recall, merged
from bigtrust.oracle import Policy, Staging
from bigtrust.settings import PROJECT
from warehouse import Warehouse, replace_in

pytestmark = pytest.mark.xdist_group("activation")  # what they share is built once

MAIL, PRINTER, PARTNER = "courriels-de-loire", "imprimerie-du-marais", "assurances-horizon"
PURPOSES = ("marketing", "partner_sharing")
VAULT = activation._vault
REPORTER = SimpleNamespace(phase=lambda *_: None, progress=lambda *_: None)


class Shop:
    """A demo warehouse, and what its landing files say when somebody else reads them."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        tables = landing.inspect(warehouse.landing, contract.load(PROJECT))
        landed: dict[str, dict[tuple[int, int], dict[str, str | None]]] = {}
        with duckdb.connect() as connection:
            for name, table in tables.items():
                cursor = connection.execute(f"select * from ({landing.view_sql(table)})")
                columns = [column[0] for column in cursor.description or []]
                places = columns.index("file_number"), columns.index("row_number")
                landed[name] = {
                    (row[places[0]], row[places[1]]): {
                        column: None if value is None else str(value)
                        for column, value in zip(columns, row, strict=True)
                    }
                    for row in cursor.fetchall()
                }
        staging = Staging(landed, Policy(datetime.now(UTC), 90, "Europe/Paris"))
        self.customers = staging.by("customers", "customer_id")
        self.products = staging.by("products", "product_id")
        self.categories = staging.by("product_categories", "category_id")
        self.purchases = staging.by("purchases", "purchase_id")
        self.lines = staging.rows("purchase_lines")
        self.words: dict[tuple[str, str], list[tuple[datetime, bool]]] = {}
        for row in staging.rows("consents"):
            said = self.words.setdefault((row["customer_id"], row["purpose"].lower()), [])
            said.append((row["recorded_at"], row["granted"]))

    def agrees(self, customer: str, purpose: str) -> bool:
        """Of all that was said in the last moment, nothing may have been no."""
        words = self.words.get((customer, purpose), [])
        return bool(words) and all(granted for moment, granted in words if moment == max(words)[0])

    def buyers(self, category: str, since: date) -> set[str]:
        """Customers who bought what is of a category since a day."""
        return {
            buyer
            for line in self.lines
            if self.products.get(line["product_id"], {}).get("category_id") == category
            and (header := self.purchases.get(line["purchase_id"])) is not None
            and (buyer := header["customer_id"]) is not None
            and header["purchased_at"].date() > since
        }

    def emails(self, customers: set[str]) -> set[str]:
        """Their addresses; those that somebody else has, too, say nothing of who is in a file."""
        known = [row["email"] for row in self.customers.values()]
        found = {self.customers[customer]["email"] for customer in customers if customer in self.customers}
        return {email for email in found if email and known.count(email) == 1}


@pytest.fixture(scope="module")
def shop(published: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The demo. Nothing is changed in it but by the activations of this module."""
    return Shop(published.copy(tmp_path_factory.mktemp("activation") / "warehouse"))


@pytest.fixture(scope="module")
def built(shop: Shop) -> Path:
    """A vault of landing and register as they are."""
    folder = shop.warehouse.root / "built"
    folder.mkdir()
    with activation._vault(shop.warehouse.settings, folder, REPORTER):
        return folder / "warehouse" / "vault.duckdb"


@pytest.fixture
def built_once(built: Path) -> Iterator[None]:
    """Activations decide with that vault: it is built once for all of them."""

    @contextmanager
    def vault(*_: Any) -> Iterator[duckdb.DuckDBPyConnection]:
        with duckdb.connect(str(built), read_only=True) as connection:
            yield connection

    with patch.object(activation, "_vault", vault):
        yield


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def activated(warehouse: Warehouse, request: Offer | Recall, path: Path) -> list[dict[str, str]]:
    activation.activate(warehouse.settings, request, path, REPORTER)
    return rows_of(path)


# --- who is in it


def test_a_file_holds_whom_an_offer_may_reach_and_what_the_recipient_may_receive(
    shop: Shop, built_once: None, tmp_path: Path
) -> None:
    path = tmp_path / "winter.csv"
    arguments = ("--campaign", "winter", "--category", "lave-linge", "--recipient", MAIL)
    result = shop.warehouse.bigtrust("activate", *arguments, "--output", str(path))
    assert result.exit_code == 0, result.output
    rows = rows_of(path)
    assert rows
    assert list(rows[0]) == ["first_name", "last_name", "email", "language"]
    assert [stat.S_IMODE(file.stat().st_mode) for file in sorted(tmp_path.iterdir())] == [0o600, 0o600]
    given_out = {row["email"] for row in rows}
    assert given_out <= {
        row["email"] for row in shop.customers.values() if shop.agrees(row["customer_id"], "marketing")
    }
    owners = shop.buyers("lave-linge", months_after(datetime.now(UTC).date(), -108))
    assert shop.emails(owners)
    assert not given_out & shop.emails(owners)
    # nothing of anybody is told on the terminal
    assert not [email for email in given_out if email in result.output]


def test_counts_by_reason_add_up_to_all_persons(shop: Shop, built_once: None) -> None:
    for request in (Offer("c", "lave-linge", MAIL), Offer("c", "the", PARTNER), _recall(shop)):
        result = activation.activate(shop.warehouse.settings, request, None, REPORTER)
        assert sum(result.counts.values()) == len(shop.customers) == sum(result.merged.values())
        assert result.disclosure is None
    shown = shop.warehouse.bigtrust(
        "activate", "--campaign", "c", "--category", "lave-linge", "--recipient", MAIL, "--dry-run"
    )
    assert f"all {len(shop.customers):,}" in " ".join(shown.output.split())


def test_what_is_shared_with_a_partner_is_of_persons_who_agreed_to_that(
    shop: Shop, built_once: None, tmp_path: Path
) -> None:
    rows = activated(shop.warehouse, Offer("c", "the", PARTNER), tmp_path / "shared.csv")
    willing = {customer for customer in shop.customers if shop.agrees(customer, "partner_sharing")}
    assert rows
    assert {row["email"] for row in rows} <= {shop.customers[customer]["email"] for customer in willing}
    everybody = activated(shop.warehouse, Offer("c", "the", MAIL), tmp_path / "own.csv")
    assert len(rows) < len(everybody)


def test_a_category_above_is_open_and_one_below_is_closed_to_who_bought_it(
    shop: Shop, built_once: None, tmp_path: Path
) -> None:
    owners = shop.emails(shop.buyers("lave-linge", months_after(datetime.now(UTC).date(), -108)))
    above = activated(shop.warehouse, Offer("c", "gros-electromenager", MAIL), tmp_path / "above.csv")
    assert {row["email"] for row in above} & owners


def test_no_file_for_any_category_holds_somebody_without_consent_or_who_has_one(
    shop: Shop, built_once: None, tmp_path: Path
) -> None:
    """Of every category that takes offers, for both purposes; counted from landing by other code."""
    policy = {row["setting"]: row["value"] for row in rows_of(PROJECT / "seeds" / "policy" / "settings.csv")}
    overrides = {row["category_id"]: row["months"] for row in rows_of(PROJECT / "seeds/policy/replacement_cycles.csv")}
    vulnerable = {row["category_id"] for row in rows_of(PROJECT / "seeds/policy/vulnerable_categories.csv")}
    today, held_back = datetime.now(UTC).date(), 0
    willing = {purpose: {c for c in shop.customers if shop.agrees(c, purpose)} for purpose in PURPOSES}
    for category, row in shop.categories.items():
        if category in vulnerable:
            continue
        months = int(overrides.get(category) or row["replacement_cycle_months"] or 0)
        share = -(-months * int(policy["cool_down_percent"]) // 100)
        owners = shop.emails(shop.buyers(category, months_after(today, -share))) if share else set()
        for recipient in (MAIL, PARTNER):
            path = tmp_path / f"{recipient}-{category}.csv"
            given_out = {of_one["email"] for of_one in activated(shop.warehouse, Offer("c", category, recipient), path)}
            may = willing["marketing"] & (willing["partner_sharing"] if recipient == PARTNER else willing["marketing"])
            assert given_out <= {shop.customers[customer]["email"] for customer in may}
            assert not given_out & owners
            held_back += len(owners & {shop.customers[customer]["email"] for customer in may})
    assert held_back > 10, "nobody had anything to be held back for"


def _recall(shop: Shop, recipient: str = PRINTER) -> Recall:
    sold = [line["product_id"] for line in shop.lines if line["product_id"] in shop.products]
    product = max(sorted(set(sold)), key=sold.count)
    return Recall(product, date(2010, 1, 1), datetime.now(UTC).date(), recipient)


# --- what was forgotten


def bought_once(shop: Shop, reachable: set[str]) -> tuple[str, dict[str, Any]]:
    """A purchase of lately, the only one of its customer in a category of ten years; and its line.

    The customer is one of those whom every offer reaches, by an address that nobody else has.
    """
    lately = datetime.now(UTC) - timedelta(days=700)
    rare = {category for category, row in shop.categories.items() if row["replacement_cycle_months"] == 120}
    bought: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for line in shop.lines:
        category = shop.products.get(line["product_id"], {}).get("category_id")
        header = shop.purchases.get(line["purchase_id"])
        if category in rare and header is not None and header["customer_id"] in shop.customers:
            bought.setdefault((header["customer_id"], category), []).append(line)
    return next(
        (customer, lines[0])
        for (customer, _), lines in sorted(bought.items())
        if len(lines) == 1
        and shop.purchases[lines[0]["purchase_id"]]["purchased_at"] > lately
        and shop.emails({customer}) & reachable
    )


def test_who_forgot_a_washing_machine_gets_no_offer_of_one_and_nothing_says_why(
    shop: Shop, built: Path, tmp_path: Path
) -> None:
    """As of now: the request counts without a run."""
    warehouse = shop.warehouse.copy(tmp_path / "warehouse")
    with duckdb.connect(str(built), read_only=True) as connection:
        emails = connection.execute(
            "select email from staging.stg_customers inner join restricted.addressees using (customer_id)"
            " where agrees_to_marketing and pause is null and email is not null"
        ).fetchall()
    customer, line = bought_once(shop, {email for (email,) in emails})
    email, purchase = shop.customers[customer]["email"], line["purchase_id"]
    category = shop.products[line["product_id"]]["category_id"]
    asked = warehouse.bigtrust("forget", "--purchase", purchase, "--channel", "till")
    assert asked.exit_code == 0, asked.output

    offer = activation.activate(warehouse.settings, Offer("c", category, MAIL), tmp_path / "offer.csv", REPORTER)
    assert email not in {row["email"] for row in rows_of(tmp_path / "offer.csv")}
    reasons = {"no_consent", "recent_complaint", "recent_return", "contact_pressure", "no_address", "exported"}
    assert set(offer.counts) <= {*reasons, "not_for_this_category"}
    beside = (tmp_path / "offer.csv.json").read_text(encoding="utf-8")
    assert not [word for word in ("forg", "suppress", "eras") if word in beside]

    # a recall reaches them all the same
    sold = shop.purchases[purchase]["purchased_at"].date()
    recall = Recall(line["product_id"], sold - timedelta(days=1), sold + timedelta(days=1), MAIL)
    called = activated(warehouse, recall, tmp_path / "recall.csv")
    assert email in {row["email"] for row in called}

    # and for marketing the category looks as if it had never been bought
    warehouse.run_unchecked()
    ((pseudonym,),) = warehouse.vault(
        "select person_pseudonym from restricted.marketing_person_pseudonyms where customer_id = $1", customer
    )
    reason = "select reason from marts.offer_eligibility where person_pseudonym = $1 and category_id = $2"
    assert warehouse.query("marketing", reason, pseudonym, category) == [("ok",)]
    told = "select kind, subject, persons from marts.disclosures order by disclosed_at desc limit 2"
    assert warehouse.query("governance", told) == [
        ("recall", line["product_id"], len(called)),
        ("offer", category, offer.counts["exported"]),
    ]


def test_consent_counts_as_of_now(shop: Shop, built_once: None, tmp_path: Path) -> None:
    warehouse = shop.warehouse.copy(tmp_path / "warehouse")
    everybody = activated(warehouse, Offer("c", "the", MAIL), tmp_path / "a.csv")
    email = min(shop.emails({*shop.customers}) & {row["email"] for row in everybody})
    customer = next(number for number, row in shop.customers.items() if row["email"] == email)
    folder = warehouse.landing / "consents"
    if not folder.is_dir():
        (delivered,) = warehouse.landing.glob("consents.*")
        folder.mkdir()
        delivered.rename(folder / f"0{delivered.suffix}")
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S+00:00")
    (folder / "zz.csv").write_text(
        f"customer_id,purpose,granted,recorded_at,channel\n{customer},marketing,false,{now},web\n", encoding="utf-8"
    )
    with patch.object(activation, "_vault", VAULT):
        left = activated(warehouse, Offer("c", "the", MAIL), tmp_path / "b.csv")
    assert email not in {row["email"] for row in left}
    assert len(left) == len(everybody) - 1


# --- what is told of it


def test_a_disclosure_says_to_whom_for_what_and_how_many_and_proves_which_file(
    shop: Shop, built_once: None, tmp_path: Path
) -> None:
    path = tmp_path / "spring.csv"
    result = activation.activate(shop.warehouse.settings, Offer("spring", "the", MAIL), path, REPORTER)
    told = disclosures.read(shop.warehouse.settings)[-1]
    assert told == result.disclosure
    assert (told.kind, told.campaign, told.subject, told.recipient) == ("offer", "spring", "the", MAIL)
    assert (told.persons, told.purpose, told.columns) == (
        len(rows_of(path)),
        "marketing",
        "first_name last_name email language",
    )
    assert told.use_until == (datetime.now(UTC).date() + timedelta(days=30)).isoformat()
    beside = json.loads((tmp_path / "spring.csv.json").read_text(encoding="utf-8"))
    assert beside["use_until"] == told.use_until
    assert sha256(bytes.fromhex(beside["nonce"]) + path.read_bytes()).hexdigest() == told.commitment
    kept = json.dumps(told.__dict__)
    assert not [row["email"] for row in rows_of(path) if row["email"] in kept]


def test_what_an_activation_builds_with_is_gone_afterwards(shop: Shop, tmp_path: Path) -> None:
    result = activation.activate(shop.warehouse.settings, Offer("c", "the", MAIL), None, REPORTER)
    assert result.counts["exported"]
    assert [path.name for path in (shop.warehouse.settings.warehouse / "activation").iterdir()] == ["run.lock"]


# --- what is refused


def refusal(shop: Shop, tmp_path: Path, *arguments: str) -> str:
    before = len(disclosures.read(shop.warehouse.settings))
    output = [] if "--output" in arguments else ["--output", str(tmp_path / "refused.csv")]
    result = shop.warehouse.bigtrust("activate", *arguments, *output)
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    assert not (tmp_path / "refused.csv").exists()
    assert len(disclosures.read(shop.warehouse.settings)) == before
    return " ".join(result.stderr.split())


OFFER = ("--campaign", "c", "--category", "the")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((*OFFER, "--recipient", "nobody"), "nobody receives addresses whom the policy does not name"),
        ((*OFFER, "--recipient", PARTNER, "--purpose", "marketing"), f"{PARTNER} has no legal basis for marketing"),
        ((*OFFER, "--recipient", MAIL, "--purpose", "partner_sharing"), "no legal basis for partner_sharing"),
        (
            ("--recall", "--product", "P", "--from", "2026-01-01", "--to", "2026-02-01", "--recipient", PARTNER),
            "no legal basis for recall",
        ),
        (
            ("--recall", "--product", "P", "--from", "2026-02-01", "--to", "2026-01-01", "--recipient", MAIL),
            "--from lies after --to",
        ),
        (
            ("--recall", "--product", "P", "--from", "2026-01-01", "--to", "2026-02-01", "--recipient", MAIL),
            "--product is no product of landing",
        ),
        (("--campaign", "c", "--category", "vins", "--recipient", MAIL), "the policy wants no offers"),
        (("--campaign", "c", "--category", "nothing", "--recipient", MAIL), "--category is no product category"),
        (("--campaign", "a b", "--category", "the", "--recipient", MAIL), "--campaign is no name of a campaign"),
        (("--category", "the", "--recipient", MAIL), "An offer needs --campaign and --category"),
        ((*OFFER, "--recall", "--recipient", MAIL), "A recall needs --product, --from and --to"),
        ((*OFFER, "--recipient", MAIL, "--dry-run"), "Say one thing: --output FILE or --dry-run"),
    ],
)
def test_a_refusal_says_why(
    shop: Shop, built_once: None, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    assert said in refusal(shop, tmp_path, *arguments)


@pytest.mark.parametrize("name", ["published", "register", "landing", "warehouse", "site"])
def test_addresses_go_nowhere_where_others_read(shop: Shop, built_once: None, tmp_path: Path, name: str) -> None:
    path = shop.warehouse.root / name / "addresses.csv"
    said = refusal(shop, tmp_path, *OFFER, "--recipient", MAIL, "--output", str(path))
    assert f"lies in the {name} folder" in said
    assert not path.exists()


def test_no_file_is_overwritten_and_no_folder_is_made(shop: Shop, built_once: None, tmp_path: Path) -> None:
    (tmp_path / "there.csv").write_text("something else", encoding="utf-8")
    said = refusal(shop, tmp_path, *OFFER, "--recipient", MAIL, "--output", str(tmp_path / "there.csv"))
    assert "exists" in said
    assert (tmp_path / "there.csv").read_text(encoding="utf-8") == "something else"
    said = refusal(shop, tmp_path, *OFFER, "--recipient", MAIL, "--output", str(tmp_path / "no" / "a.csv"))
    assert "there is no folder" in said


def test_a_recipient_that_the_policy_cannot_have_blocks_every_export(shop: Shop, tmp_path: Path) -> None:
    """Which rows it can have is tested in tests/unit/test_recipients.py."""
    warehouse = shop.warehouse.copy(tmp_path / "warehouse")
    table = warehouse.own_project() / "seeds" / "policy" / "recipients.csv"
    replace_in(table, "first_name last_name email,2025-01-10", "first_name birth_date email,2025-01-10")
    result = warehouse.bigtrust("activate", *OFFER, "--recipient", PRINTER, "--output", str(tmp_path / "refused.csv"))
    assert result.exit_code == 2, result.output
    assert "POL-01: seeds/policy/recipients.csv" in result.stderr
    assert not (tmp_path / "refused.csv").exists()


def test_a_damaged_disclosure_is_named(shop: Shop, tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    folder = disclosures.folder(warehouse.settings)
    folder.mkdir(parents=True)
    (folder / "1.json").write_text("{}", encoding="utf-8")
    with pytest.raises(Exception, match=r"1\.json is damaged"):
        disclosures.read(warehouse.settings)


# --- what counts show


@given(st.dictionaries(st.sampled_from("abcdefg"), st.integers(0, 30)), st.integers(1, 9))
def test_merged_counts_keep_the_sum_and_show_no_group_of_fewer_than_k(counts: dict[str, int], k: int) -> None:
    shown = merged(counts, k)
    assert sum(shown.values()) == sum(counts.values())
    assert all(count == 0 or count >= k for reason, count in shown.items() if reason != "other")
    assert shown.get("other", k) >= k or set(shown) - {"other"} <= {reason for reason in counts if not counts[reason]}
