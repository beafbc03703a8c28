"""How long a row serves, what can be said of files of addresses, and that all is said in two languages."""

import json
import re
from datetime import date, datetime
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bigtrust import details, recipients
from bigtrust.access import page, told, windows
from bigtrust.access.asked import Asked
from bigtrust.access.landed import NEW, REJECTED, SUPERSEDED, TABLES, USED, Landed, Row
from bigtrust.access.wording import Words, texts, translations
from bigtrust.disclosures import Disclosure
from bigtrust.settings import PROJECT

NOBODY = Asked([], [])


def row(state: str = USED, due_reason: str | None = None, **read: Any) -> Row:
    return Row({}, read, "file.csv", 1, state, due_reason=due_reason)


def held(*, elsewhere: tuple[str, ...] = (), **rows: list[Row]) -> Landed:
    """The rows of a person, of whom all their purchases are, but for those that were delivered again of another."""
    purchases = {row.read["purchase_id"] for row in rows.get("purchases", [])} - set(elsewhere)
    return Landed({name: rows.get(name, []) for name in TABLES}, frozenset(purchases))


def policy(*given: tuple[str, str, int, str], agrees: bool = True) -> windows.Policy:
    names = ("data_category", "purpose", "period_months", "start_event")
    return windows.Policy(
        windows=[dict(zip(names, window, strict=True)) for window in given],
        purposes={
            name: {"honours_erasure": name != "finance"} for name in ("analytics", "marketing", "finance", "service")
        },
        day=date(2026, 11, 26),
        last_active_on=date(2026, 1, 31),
        created_on=date(2020, 2, 29),
        agrees_to_marketing=agrees,
    )


def uses(kept: windows.Kept) -> dict[str, tuple[str | None, str]]:
    return {use.purpose: (use.until.isoformat() if use.until else None, use.state) for use in kept.uses}


@given(st.lists(st.tuples(st.dates(date(1990, 1, 1), date(2040, 1, 1)), st.integers(0, 240)), min_size=1))
@settings(deadline=None, max_examples=20)
def test_a_window_ends_on_the_day_that_the_engine_says(starts: list[tuple[date, int]]) -> None:
    days, months = zip(*starts, strict=True)
    expected = duckdb.execute(
        "select cast(day + to_months(months) as date) "
        "from (select unnest(?::date[]) as day, unnest(?::int[]) as months)",
        [list(days), list(months)],
    ).fetchall()
    assert [(windows.later(day, number),) for day, number in starts] == expected


def test_a_row_serves_each_purpose_until_its_own_day_and_never_longer_than_its_purchase() -> None:
    landed = held(
        purchases=[row(purchase_id="T-1", purchased_on=date(2025, 3, 31))],
        returns=[row(purchase_id="T-1", line_number="1", returned_on=date(2025, 4, 30))],
        support_tickets=[row(purchase_id=None, opened_on=date(2020, 1, 1))],
    )
    found = windows.kept(
        policy(
            ("purchases", "analytics", 24, "purchase"),
            ("purchases", "finance", 120, "purchase"),
            ("returns", "analytics", 24, "return"),
            ("support_tickets", "service", 36, "event"),
        ),
        landed,
        NOBODY,
    )
    assert uses(found["purchases"][0]) == {"analytics": ("2027-03-31", "in_use"), "finance": ("2035-03-31", "in_use")}
    assert found["purchases"][0].needed_until == date(2035, 3, 31)
    assert uses(found["returns"][0]) == {"analytics": ("2027-03-31", "in_use")}
    assert uses(found["support_tickets"][0]) == {"service": ("2023-01-01", "ended")}
    assert found["support_tickets"][0].needed_until is None


def test_the_record_of_a_person_starts_with_the_last_contact_or_with_the_account() -> None:
    given_windows = (("customers", "analytics", 36, "last_activity"), ("customers", "service", 12, "account_creation"))
    found = windows.kept(policy(*given_windows), held(customers=[row()], consents=[row()]), NOBODY)
    expected = {"analytics": ("2029-01-31", "in_use"), "service": ("2021-02-28", "ended")}
    assert uses(found["customers"][0]) == uses(found["consents"][0]) == expected


def test_what_was_forgotten_serves_only_what_the_law_demands_and_offers_need_consent() -> None:
    lines = [row(purchase_id="T-1", line_number=number) for number in ("1", "2")]
    landed = held(
        purchases=[row(purchase_id="T-1", purchased_on=date(2026, 1, 1))],
        purchase_lines=lines,
        web_events=[row(purchase_id="T-1", occurred_on=date(2026, 1, 1)), row(occurred_on=date(2026, 1, 1))],
        support_tickets=[row(due_reason="forgotten", opened_on=date(2026, 1, 1))],
    )
    given_windows = (
        ("purchases", "finance", 120, "purchase"),
        ("purchases", "marketing", 120, "purchase"),
        ("web_events", "analytics", 25, "event"),
        ("support_tickets", "service", 36, "event"),
    )
    partly = windows.kept(
        policy(*given_windows, agrees=False), landed, Asked([], [{"purchase_id": "T-1", "line_number": "1"}])
    )
    assert [kept.is_forgotten for kept in partly["purchase_lines"]] == [True, False]
    assert uses(partly["purchases"][0])["marketing"] == ("2036-01-01", "no_consent")
    assert [kept.is_forgotten for kept in partly["web_events"]] == [True, False]
    assert uses(partly["support_tickets"][0]) == {"service": ("2029-01-01", "forgotten")}
    whole = windows.kept(
        policy(*given_windows),
        landed,
        Asked([], [{"purchase_id": "T-1", "line_number": number} for number in ("1", "2")]),
    )
    assert uses(whole["purchases"][0]) == {
        "finance": ("2036-01-01", "in_use"),
        "marketing": ("2036-01-01", "forgotten"),
    }


def test_a_row_that_no_run_uses_serves_nothing() -> None:
    found = windows.kept(
        policy(("web_events", "analytics", 25, "event")),
        held(web_events=[row(REJECTED, occurred_on=None, purchase_id="T-1")]),
        NOBODY,
    )
    assert found["web_events"][0].uses == []


@pytest.mark.parametrize(
    ("hold", "expected"),
    [
        ({"customer_id": "K", "purchase_id": None, "held_until": None}, [True, True, True]),
        ({"customer_id": "K", "purchase_id": "T-1", "held_until": None}, [True, True, False]),
        ({"customer_id": "K", "purchase_id": "T-1", "held_until": datetime(2026, 11, 26)}, [False, False, False]),
    ],
)
def test_a_legal_hold_keeps_its_purchase_and_the_record_or_everything(
    hold: dict[str, Any], expected: list[bool]
) -> None:
    landed = held(
        customers=[row()],
        purchases=[
            row(purchase_id="T-1", purchased_on=date(2026, 1, 1)),
            row(purchase_id="T-2", purchased_on=date(2026, 1, 1)),
        ],
        legal_holds=[row(held_from=datetime(2026, 1, 1), **hold)],
    )
    found = windows.kept(policy(), landed, NOBODY)
    assert [kept.is_held for kept in (*found["customers"], *found["purchases"])] == expected


def consent(purpose: str, day: int, *, granted: bool) -> Row:
    return row(purpose=purpose, granted=granted, channel="web", recorded_at=datetime(2026, 1, day))


def test_the_stricter_of_two_words_counts_and_none_from_before_everything_was_forgotten() -> None:
    landed = held(
        consents=[
            consent("Marketing", 3, granted=False),
            consent("marketing", 3, granted=True),
            consent("marketing", 1, granted=True),
            consent("analytics", 1, granted=True),
        ]
    )
    said = told.choices(landed, None)
    assert [(choice.recorded_at.day, choice.granted) for choice in said if choice.counts] == [(1, True), (3, False)]
    assert not told.agrees(said, "marketing")
    assert told.agrees(said, "analytics")
    assert not any(choice.counts for choice in told.choices(landed, datetime(2026, 1, 5)))


@pytest.mark.parametrize(
    ("kind", "purpose", "subject", "at", "expected"),
    [
        ("offer", "marketing", "c", "2026-01-02T00:00:00", "possible"),
        ("offer", "marketing", "c", "2025-12-31T00:00:00", "no_consent"),
        ("offer", "marketing", "c", "2026-01-04T00:00:00", "possible"),  # the no may have been delivered later
        ("offer", "marketing", "c", "2026-01-01T01:00:00+01:00", "possible"),
        ("offer", "partner_sharing", "c", "2026-01-02T00:00:00", "no_consent"),
        ("offer", "marketing", "c", "2024-01-02T00:00:00", "not_yet_known"),
        ("recall", "recall", "P-1", "2026-01-04T00:00:00", "possible"),
        ("recall", "recall", "P-1", "2026-01-01T00:00:00", "did_not_buy"),
        ("recall", "recall", "P-2", "2026-01-04T00:00:00", "did_not_buy"),
    ],
)
def test_of_a_file_of_addresses_only_what_is_known_is_said(
    kind: str, purpose: str, subject: str, at: str, expected: str
) -> None:
    landed = held(
        customers=[row(created_at=datetime(2025, 1, 1))],
        consents=[consent("marketing", 1, granted=True), consent("marketing", 3, granted=False)],
        purchases=[row(purchase_id="T-1", purchased_at=datetime(2026, 1, 3))],
        purchase_lines=[row(purchase_id="T-1", product_id="P-1")],
    )
    file = Disclosure(at, kind, "x", subject, "r", purpose, "b", "email", 9, "2026-02-01", "v", "0")
    (found,) = told.disclosed([file], landed)
    assert found["concerned"] == expected
    assert not {"persons", "commitment"} & set(found)


def offer(at: str) -> Disclosure:
    return Disclosure(at, "offer", "x", "c", "r", "marketing", "b", "email", 9, "2026-02-01", "v", "0")


def recall(at: str) -> Disclosure:
    return Disclosure(at, "recall", "x", "P-1", "r", "recall", "b", "email", 9, "2026-02-01", "v", "0")


def concerned(file: Disclosure, landed: Landed) -> str:
    (found,) = told.disclosed([file], landed)
    return str(found["concerned"])


@pytest.mark.parametrize("state", [USED, NEW, SUPERSEDED, REJECTED])
def test_whatever_became_of_a_yes_or_a_purchase_since_the_person_may_have_been_in_the_file(state: str) -> None:
    yes = row(state, purpose="marketing", granted=True, recorded_at=datetime(2026, 1, 1), reject_reason=None)
    assert concerned(offer("2026-01-02T00:00:00"), held(consents=[yes])) == "possible"
    assert concerned(offer("2025-01-02T00:00:00"), held(consents=[yes])) == "no_consent"
    bought = held(
        purchases=[row(state, purchase_id="T-1", purchased_at=datetime(2026, 1, 1))],
        purchase_lines=[row(state, purchase_id="T-1", product_id="P-1")],
    )
    assert concerned(recall("2026-01-02T00:00:00"), bought) == "possible"
    assert concerned(recall("2025-01-02T00:00:00"), bought) == "did_not_buy"


def test_a_consent_that_cannot_be_read_is_no_yes() -> None:
    landed = held(consents=[row(REJECTED, purpose=None, granted=None, recorded_at=None)])
    assert concerned(offer("2026-01-02T00:00:00"), landed) == "no_consent"


def test_a_purchase_that_is_somebody_elses_today_may_have_had_the_product() -> None:
    header = row(SUPERSEDED, purchase_id="T-1", purchased_at=datetime(2026, 1, 1))
    landed = held(purchases=[header], elsewhere=("T-1",))
    assert concerned(recall("2026-01-02T00:00:00"), landed) == "possible"
    assert concerned(recall("2025-01-02T00:00:00"), landed) == "did_not_buy"


def test_who_agreed_before_the_account_was_there_by_todays_record_may_have_been_in_the_file() -> None:
    corrected = row(created_at=datetime(2026, 1, 5))
    yes = row(purpose="marketing", granted=True, recorded_at=datetime(2026, 1, 1))
    assert concerned(offer("2026-01-02T00:00:00"), held(customers=[corrected], consents=[yes])) == "possible"
    assert concerned(offer("2026-01-02T00:00:00"), held(customers=[corrected])) == "not_yet_known"
    older = row(SUPERSEDED, created_at=datetime(2025, 1, 5))
    assert concerned(offer("2026-01-02T00:00:00"), held(customers=[corrected, older])) == "no_consent"


def test_a_word_that_no_run_has_read_counts_if_it_can_be_read() -> None:
    old = consent("marketing", 1, granted=True)
    new = {"purpose": "marketing", "granted": False, "channel": "web", "recorded_at": datetime(2026, 1, 2)}
    said = told.choices(held(consents=[old, row(NEW, **new, reject_reason=None)]), None)
    assert [(choice.granted, choice.counts) for choice in said] == [(True, False), (False, True)]
    said = told.choices(held(consents=[old, row(NEW, **new, reject_reason="purpose_missing")]), None)
    assert [(choice.granted, choice.counts) for choice in said] == [(True, True)]


def test_how_long_a_row_serves_does_not_depend_on_whether_its_purchase_has_been_read() -> None:
    landed = held(
        purchases=[row(NEW, purchase_id="T-1", purchased_on=date(2026, 1, 1), reject_reason=None)],
        purchase_lines=[row(purchase_id="T-1", line_number="1")],
        legal_holds=[
            row(
                NEW,
                customer_id="K",
                purchase_id="T-1",
                held_from=datetime(2026, 1, 1),
                held_until=None,
                reject_reason=None,
            )
        ],
    )
    found = windows.kept(policy(("purchases", "finance", 120, "purchase")), landed, NOBODY)
    assert uses(found["purchase_lines"][0]) == {"finance": ("2036-01-01", "in_use")}
    assert found["purchase_lines"][0].is_held


def test_a_purchase_that_is_somebody_elses_has_no_dates() -> None:
    landed = held(
        purchases=[row(purchase_id="T-1", purchased_on=date(2026, 1, 1))],
        web_events=[row(purchase_id="T-1", occurred_on=date(2026, 2, 1))],
        elsewhere=("T-1",),
    )
    found = windows.kept(
        policy(("purchases", "analytics", 1, "purchase"), ("web_events", "analytics", 25, "event")), landed, NOBODY
    )
    assert (found["purchases"][0].uses, found["purchases"][0].needed_until) == ([], None)
    assert uses(found["web_events"][0]) == {"analytics": ("2028-03-01", "in_use")}


# --- words ----------------------------------------------------------------------------------------------------------


def leaves(found: Any, path: str = "") -> list[tuple[str, Any]]:
    """Every text of texts.yml in its languages, with its path."""
    if isinstance(found, dict) and set(found) & {"fr", "en"}:
        return [(path, found)]
    items = enumerate(found) if isinstance(found, list) else found.items() if isinstance(found, dict) else ()
    return [leaf for name, each in items for leaf in leaves(each, f"{path}.{name}")]


def test_every_text_is_in_both_languages_with_the_same_places_to_fill_in() -> None:
    found = leaves(texts())
    assert len(found) > 200
    for path, text in found:
        assert set(text) == {"fr", "en"}, path
        places = [sorted(set(re.findall(r"{\w+}", json.dumps(text[name])))) for name in ("fr", "en")]
        assert places[0] == places[1], path


def test_the_policy_is_said_in_french_too() -> None:
    with duckdb.connect() as connection:

        def column(table: str, name: str) -> set[str]:
            path = PROJECT / "seeds" / "policy" / f"{table}.csv"
            return {str(value) for (value,) in connection.execute(f"select {name} from read_csv('{path}')").fetchall()}

        said = column("purposes", "legal_basis") | column("purposes", "description")
        said |= column("controller", "name") - {"Maison Beaulieu SAS"}  # the same in every language
        said |= column("retention_windows", "legal_source") | column("recipients", "legal_basis")
        codes = column("purposes", "purpose") | column("recipients", "purpose")
        audiences, events = column("purposes", "audience"), column("retention_windows", "start_event")
        roles = column("controller", "role")
    assert said == set(translations())
    assert codes == set(texts()["purposes"])
    assert audiences == set(texts()["audiences"])
    assert events <= set(texts()["starts"])
    assert roles <= set(texts()["roles"])
    assert recipients.FILE.name == "recipients.csv"


def test_each_category_of_data_is_told_once() -> None:
    tables = [table for section in page.SECTIONS.values() for table in section]
    assert sorted(tables) == sorted(TABLES)
    assert set(page.SECTIONS) == set(texts()["sections"])
    catalogue = {"products", "product_categories"}
    assert set(TABLES) == set(details.load(PROJECT)) - catalogue


@pytest.mark.parametrize(
    ("language", "column", "value", "read", "shown"),
    [
        ("fr", "purchased_at", "2026-07-01 12:00", "2026-07-01T10:00:00", "1 juil. 2026, 12:00:00"),
        ("en", "purchased_at", "2026-07-01 12:00", "2026-07-01T10:00:00", "1 Jul 2026, 12:00:00"),
        ("fr", "birth_date", "1980-02-03", "1980-02-03", "3 février 1980"),
        ("fr", "unit_price", "1234.5", "1234.5000", "1\u202f234,5"),
        ("en", "unit_price", "1234.5", "1234.5000", "1,234.5"),
        ("fr", "granted", "oui", True, "oui"),
        ("en", "channel", "till", "till", "till"),
        ("fr", "channel", "carrier pigeon", "carrier pigeon", "carrier pigeon"),
        ("fr", "product_id", "P-1", "P-1", "Lave-linge (P-1)"),
        ("fr", "occurred_at", "yesterday", None, "yesterday"),
        ("fr", "message", "2026-07-01", "2026-07-01", "2026-07-01"),
        ("fr", "satisfaction", None, None, ""),
        ("fr", "birth_date", "0000-00-00", None, "0000-00-00"),
        ("en", "birth_date", "2026-02-30", None, "2026-02-30"),
        ("fr", "returned_on", "9999-12-31", "9999-12-31", "31 décembre 9999"),
        ("fr", "purchased_at", "2026-07-01T25:00:00", None, "2026-07-01T25:00:00"),
        ("fr", "purchased_at", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59", "9999-12-31T23:59:59Z"),
        ("fr", "visited_month", "2026-13-01", None, "2026-13-01"),
    ],
)
def test_values_are_shown_as_one_writes_them(language: str, column: str, value: Any, read: Any, shown: str) -> None:
    words = Words(language, "Europe/Paris", {"products": {"P-1": "Lave-linge"}, "categories": {}})
    assert words.value(column, value, read) == shown
