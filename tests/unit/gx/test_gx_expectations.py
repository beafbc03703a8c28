"""Each expectation of the project: one case that passes, ones that fail, and one with nothing to examine."""

from typing import Any

import duckdb
import pytest
from gx_shop import Shop

from bigtrust.gx.raw_values import RawColumn
from bigtrust.gx.suites import Rule, Suite

RAW = "expect_table_to_hold_no_raw_value"
PATTERN = "expect_table_to_hold_no_personal_pattern"
RETENTION = "expect_table_to_hold_only_rows_within_retention"
PSEUDONYMS = "expect_column_values_to_be_pseudonyms"
ROWS = "expect_table_to_hold_rows"

CLEAN = "select uuid() as person_pseudonym, 'FR' as country, 612.50 as amount, date '2026-01-01' as bought_on"

PASSING = [
    (RAW, CLEAN, {}),
    (PATTERN, CLEAN, {"pattern": "email"}),
    (RETENTION, "select date '2026-03-02' as visible_until", {}),
    (RETENTION, "select date '2026-03-02' as shown_until", {"column": "shown_until"}),
    (PSEUDONYMS, "select uuid() as p", {"column": "p"}),
    (PSEUDONYMS, "select uuid() as p union all select null", {"column": "p", "nullable": True}),
    (ROWS, "select 1 as one", {}),
]
FAILING = [
    (RETENTION, "select date '2026-03-01' as visible_until", {}),
    (RETENTION, "select date '2026-03-02' as visible_until union all select null", {}),
    (PSEUDONYMS, "select uuid()::varchar as p", {"column": "p"}),
    (PSEUDONYMS, "select 12345678 as p", {"column": "p"}),
    (PSEUDONYMS, "select uuid() as p union all select null", {"column": "p"}),
    (PSEUDONYMS, "select '00000000-0000-0000-0000-000000000000'::uuid as p", {"column": "p"}),
    (RAW, "select 'canari.secret@example.com'::blob as payload", {}),
    (PATTERN, "select 'canari.secret@example.com'::blob as payload", {"pattern": "email"}),
]
NOTHING = [
    (RAW, f"{CLEAN} limit 0", {}),
    (PATTERN, f"{CLEAN} limit 0", {"pattern": "email"}),
    (PATTERN, "select 1 as number", {"pattern": "phone"}),
    (RETENTION, "select date '2026-03-01' as visible_until limit 0", {}),
    (PSEUDONYMS, "select uuid() as p limit 0", {"column": "p"}),
    (PSEUDONYMS, "select null::uuid as p", {"column": "p", "nullable": True}),
    (ROWS, "select 1 as one limit 0", {}),
]

Case = tuple[str, str, dict[str, Any]]


@pytest.mark.parametrize("case", PASSING, ids=str)
def test_passes_where_the_rule_is_kept(shop: Shop, case: Case) -> None:
    expectation, sql, arguments = case
    result = shop.verdict(sql, expectation, **arguments)
    assert (result.verdict, result.violations, result.reason) == ("passed", 0, "")
    assert result.examined > 0


@pytest.mark.parametrize("case", FAILING, ids=str)
def test_fails_where_the_rule_is_broken(shop: Shop, case: Case) -> None:
    expectation, sql, arguments = case
    result = shop.verdict(sql, expectation, **arguments)
    assert (result.verdict, result.violations) == ("failed", 1)


@pytest.mark.parametrize("case", NOTHING, ids=str)
def test_fails_if_it_examined_nothing(shop: Shop, case: Case) -> None:
    expectation, sql, arguments = case
    result = shop.verdict(sql, expectation, **arguments)
    assert (result.verdict, result.examined, result.reason) == ("failed", 0, "examined nothing")


@pytest.mark.parametrize("case", NOTHING, ids=str)
def test_is_not_applicable_if_what_it_needs_was_not_delivered(shop: Shop, case: Case) -> None:
    expectation, sql, arguments = case
    result = shop.verdict(sql, expectation, ("returns",), **arguments)
    assert (result.verdict, result.reason) == ("not applicable", "landing table returns is absent or empty")
    result = shop.verdict(sql, expectation, ("customers.country",), **arguments)
    assert (result.verdict, result.reason) == (
        "not applicable",
        "landing column customers.country is absent or empty",
    )


def test_what_is_broken_fails_even_if_something_was_not_delivered(shop: Shop) -> None:
    sql = "select 'canari.secret@example.com' as note"
    assert shop.verdict(sql, RAW, ("returns",)).verdict == "failed"
    assert shop.verdict("select 'x'::blob as note limit 0", RAW, ("returns",)).verdict == "failed"


def test_raw_values_are_not_found_while_none_is_searched_for(shop: Shop) -> None:
    with duckdb.connect(str(shop.vault)) as connection:
        connection.execute("delete from staging.base_customers")
    result = shop.verdict(CLEAN, RAW)
    assert (result.verdict, result.reason) == ("failed", "examined nothing")


LEAKS = {
    "e-mail in upper case": ("select 'CANARI.SECRET@EXAMPLE.COM' as note", "email"),
    "e-mail in lower case": ("select 'canari.secret@example.com' as note", "email"),
    "e-mail in a web address": ("select '/login?user=canari.secret%40example.com&x=1' as url", "email"),
    "phone in the national form": ("select 'rappeler le 06.12.34.56.78 svp' as note", "phone"),
    "phone with a country code": ("select '+33612345678' as note", "phone"),
    "phone as a BIGINT": ("select 33612345678::bigint as number", "phone"),
    "phone as a BIGINT without country": ("select 612345678::bigint as number", "phone"),
    "phone as a DOUBLE": ("select 33798765432::double as number", "phone"),
    "phone as a DECIMAL": ("select 145678901::decimal(18, 2) as number", "phone"),
    "name inside a text": ("select 'Le colis de Mme LEA OBRIEN FAURE est perdu' as note", "full name"),
    "e-mail in a STRUCT": ("select {'who': {'mail': 'jean.dupont@example.com'}} as details", "email"),
    "e-mail in a LIST": ("select ['a', 'jean.dupont@example.com'] as details", "email"),
    "e-mail in a MAP": ("select map {'mail': 'jean.dupont@example.com'} as details", "email"),
    "e-mail in JSON": ("""select '{"mail": "jean.dupont@example.com"}'::json as details""", "email"),
    "escaped name in JSON": ("""select '{"name": "L\\u00e9a O''Brien-Faure"}'::json as details""", "full name"),
    "customer number as a UUID": ("select '7a3c1f52-9d1e-4f0a-8b7c-2f6d1e0c9b8a'::uuid as id", "customer number"),
    "customer number as a text": ("select 'id 7A3C1F52-9D1E-4F0A-8B7C-2F6D1E0C9B8A!' as id", "customer number"),
    "customer number without dashes": ("select '7a3c1f529d1e4f0a8b7c2f6d1e0c9b8a' as id", "customer number"),
    "e-mail backwards": ("select reverse('canari.secret@example.com') || ' (ref)' as note", "email"),
    "phone backwards": ("select '87654321 60'::varchar as note", "phone"),
    "e-mail in ROT13": ("select 'see Wrna.Qhcbag@rknzcyr.pbz' as note", "email"),
    "name in ROT13 backwards": ("select reverse('Wrna Qhcbag') as note", "full name"),
    "e-mail in base64": ("select to_base64('jean.dupont@example.com'::blob) as note", "email"),
    "e-mail in base64 amid a text": (
        "select 'u/' || to_base64('id 7: jean.dupont@example.com!'::blob) as note",
        "email",
    ),
    "name in base64 of web addresses, unpadded": (
        "select 'id=' || rtrim(translate(to_base64(encode('Léa O''Brien-Faure')), '+/', '-_'), '=') as note",
        "full name",
    ),
    "e-mail in hexadecimal digits": ("select lower(hex('jean.dupont@example.com')) as note", "email"),
    "name in hexadecimal digits amid a text": ("select 'x' || hex('Léa O''Brien-Faure') || 'x' as note", "full name"),
    "e-mail in a web address, encoded twice": ("select '/login?user=jean.dupont%2540example.com' as url", "email"),
    "name in HTML": ("select 'Mme L&eacute;a O&#39;Brien-Faure' as note", "full name"),
    "name in numbers of HTML": ("select '&#76;&#xE9;a O&apos;Brien&amp;#45;Faure' as note", "full name"),
    "escaped name in JSON in JSON": (
        """select '{"a": "{\\"n\\": \\"L\\\\u00e9a\\\\nO''Brien-Faure\\"}"}'::json as details""",
        "full name",
    ),
    "look-alike letters": ("select 'Jе\u200bаn Duроnt' as note", "full name"),
    "full-width digits": ("select '０６１２３４５６７８' as note", "phone"),
    "phone as a HUGEINT": ("select 33612345678::hugeint as number", "phone"),
    "phone in a LIST of numbers": ("select [1, 33612345678]::hugeint[] as numbers", "phone"),
    "phone in a LIST of DOUBLE": ("select [33612345678::double] as numbers", "phone"),
    "name as the key of a MAP": ("select map {'Jean Dupont': 1} as details", "full name"),
}
# What the catalogue holds: examined are the rows, found is the name.
LEAKS_IN_NAMES = {
    "label of an ENUM": "select 'Jean Dupont'::enum('x', 'Jean Dupont') as label",
    "label of an ENUM that no row has": "select 'x'::enum('x', 'Jean Dupont') as label",
    "field of a STRUCT": "select {'jean_dupont': 'x'} as details",
    "field of a STRUCT in a LIST": "select [{'jean_dupont': 1}] as details",
    "name of a column": "select 'x' as jean_dupont",
    "name of a column in base64": "select 'x' as \"amVhbi5kdXBvbnRAZXhhbXBsZS5jb20=\"",
}


@pytest.mark.parametrize("leak", LEAKS)
def test_raw_values_are_found_in_any_disguise(shop: Shop, leak: str) -> None:
    sql, identifier_class = LEAKS[leak]
    result = shop.verdict(sql, RAW)
    assert (result.verdict, result.violations, result.examined) == ("failed", 1, 1)
    assert f"{identifier_class} 1" in result.reason


@pytest.mark.parametrize("leak", LEAKS_IN_NAMES)
def test_raw_values_are_found_in_the_catalogue(shop: Shop, leak: str) -> None:
    result = shop.verdict(LEAKS_IN_NAMES[leak], RAW)
    assert (result.verdict, result.examined) == ("failed", 1)
    assert "names, comments or definition: " in result.reason


HARMLESS = (
    "'Machine à laver Dupond & Fils'", "'Pain Marie Blachère 250 g'", "'3017620422003'", "3017620422003", "12.99",
    "61234.5678", "1234567.89::double", "'1 299,00 €'", "uuid()", "uuid()::varchar", "'Chrome/120.0.6099.109'",
    "'2026-03-01 06:12:34'", "{'product': 'Thé', 'price': 4.5}", "[1, 2, 3]", "'x@y.z'", "'Eva Li'", "'12'", "true",
    "timestamp '2006-12-03 04:56:07'", "date '2006-12-03'", "time '06:12:34'", "9007199254740993::hugeint",
    "'nan'::double", "interval 3 day", "null", "row(1, 'a')", "(-128)::tinyint", "255::utinyint", "'%ff%fe100%'",
    "(-170141183460469231731687303715884105728)::hugeint", "340282366920938463463374607431768211455::uhugeint",
    "sha256('x')", "to_base64(unhex(sha256('x')))",
    "'&#1114112; \\ud800 \\x4 %zz &amp;&; 100 %'", "'Ж日本語 ０'", "'=?&=;#'",
)  # fmt: skip


def test_products_prices_and_uuids_raise_no_alarm(shop: Shop) -> None:
    columns = ", ".join(f"{value} as c{number}" for number, value in enumerate(HARMLESS))
    result = shop.verdict(f"select {columns}", RAW)
    assert (result.verdict, result.violations) == ("passed", 0)
    for pattern in ("phone", "iban", "card", "ip_address", "social_security_number", "url_query"):
        assert shop.verdict(f"select {columns}", PATTERN, pattern=pattern).verdict == "passed"


@pytest.mark.parametrize(
    ("pattern", "value"),
    {
        "email": "write to someone.new@example.org",
        "phone": "06 99 88 77 66",
        "iban": "FR76 3000 6000 0112 3456 7890 189",
        "card": "4111 1111 1111 1111",
        "ip_address": "82.64.12.7",
        "social_security_number": "1 85 05 2A 006 084 35",
        "url_query": "https://shop.example/account?token=x",
    }.items(),
)
def test_patterns_are_found_in_texts_and_in_nested_values(shop: Shop, pattern: str, value: str) -> None:
    result = shop.verdict(f"select '{value}' as note, 'x' as other", PATTERN, pattern=pattern)
    assert (result.verdict, result.violations, result.examined) == ("failed", 1, 2)
    assert result.reason.endswith("(note: 1)")
    assert shop.verdict(f"select [{{'note': '{value}'}}] as details", PATTERN, pattern=pattern).violations == 1


def test_raw_values_that_are_all_too_short_to_search_for_are_not_applicable(shop: Shop) -> None:
    shop.publish("create or replace table marts.mart as select 'FR' as country")
    with duckdb.connect(str(shop.vault)) as connection:
        connection.execute("create table staging.base_short as select 'C1' as customer_id")
    suite = Suite("analytics.marts.mart", (Rule("TST-01", RAW, {}, "A test."),))
    columns = [RawColumn("vault.staging.base_short", "customer_id", "direct_identifier")]
    (result,) = shop.judge([suite], raw_columns=columns).results
    assert result.verdict == "not applicable"
    assert "long enough" in result.reason
