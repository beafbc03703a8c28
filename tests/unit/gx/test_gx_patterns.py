"""Patterns of personal data: what they find, and what looks similar and is none."""

import ipaddress
import random

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import ean, luhn
from stdnum.fr import nir
from stdnum.iban import calc_check_digits

from bigtrust.gx.disguises import decoded
from bigtrust.gx.patterns import PATTERNS

FOUND = {
    "email": ["jean.dupont@example.com", "écrire à Léa.O'Neil+x@sous.domaine.fr svp", "<a@b.co>"],
    "phone": [
        *(
            "0612345678",
            "06 12 34 56 78",
            "01.23.45.67.89",
            "+33 6 12 34 56 78",
            "+33612345678",
            "+33 (0)6 12 34 56 78",
        ),
        *("0033612345678", "tel:0612345678.", "appelez le 06-12-34-56-78!", "+1 (555) 123-4567", "call +49 30 901820"),
        *(
            "(06) 12 34 56 78",
            "0612 34 56 78",
            "+33\u00a06\u202f12\u200934 56 78",
            "０６１２３４５６７８",
            "06–12–34–56–78",
        ),
    ],
    "iban": [
        "FR7630006000011234567890189",
        "fr76 3000 6000 0112 3456 7890 189 merci",
        "IBAN: BE68 5390 0754 7034.",
        *("FR14\u00a02004\u00a01010\u00a00505\u00a00001\u00a03M02\u00a0606", "GB29.NWBK.6016.1331.9268.19"),
    ],
    "card": [
        "4111111111111111",
        "4111 1111 1111 1111",
        "5555-5555-5555-4444",
        "378282246310005",
        "carte 4242424242424242 !",
        *("4111\u202f1111\u202f1111\u202f1111", "4111.1111.1111.1111"),
    ],
    "ip_address": [
        *("192.168.1.10", "from 82.64.12.7:443", "http://82.64.12.7/x", "2001:0db8:85a3::8a2e:0370:7334"),
        *("[2001:db8:1::1]", "fe80::1ff:fe23:4567:890a"),
        *("2A01:E0A::1", "2a01::1", "fe80::1%eth0", "::ffff:82.64.12.7", "2001:db8::1/128"),
    ],
    "social_security_number": [
        *("255081416802538", "2 55 08 14 168 025 38", "NIR: 1.85.05.2A.006.084.35", "n° 1-85-05-2a-006-084-35."),
        "2\u00a055\u00a008\u00a014\u00a0168\u00a0025\u00a038",
    ],
    "url_query": [
        *(
            "https://shop.example/p?id=7",
            "voir www.shop.example/compte?jeton=abc&x=1 svp",
            "/login?user=x",
            "shop.fr?a=",
        ),
        *("https://shop.example/#access_token=abc", "//cdn.example/x;jsessionid=1F", "app://open?page&client[id]=3"),
        *("https%3A%2F%2Fshop.example%2Fp%3Fid%3D7", "https://shop.example/p?a&amp;b=c"),
    ],
}
# fmt: off
HARMLESS = (
    "3017620422003", "0012345678905", "0306406152", "9780306406157", "4006381333931", "5449000000996", "5901234123457",
    "2024-01-05", "05/01/2024", "12:34:56", "2024-01-05 06:12:34", "2024-01-05T06:12:34.123456+00:00", "20240105061234",
    "1704434400000", "1 234,56 €", "1234567.89", "12.99", "+5 °C", "prix +12345.67", "0,5 L", "100%", "6x33cl",
    "550e8400-e29b-41d4-a716-446655440000", "1.2.3.4", "v10.12.3.4", "Chrome/120.0.6099.109", "version 12.0.19.3",
    "10.0.19045.3", "0.1.20.4", "Machine à laver WM-4000 1400 tr/min", "REF 0601234567890", "SKU-0612345678",
    "iPhone 15 Pro Max 256 Go", "std::vector", "00:1A:2B:3C:4D:5E", "ABCD12345678901234567", "FR12 ABC", "@home",
    "12 @ 3.50", "978-2-07-036024-5", "{'a': 612345678}", "Lot 2023.01.05.12",
    "06-12-2024 10:30", "0612 2024 10", "::1", "a::b", "12::30", "IMEI 353456789012348", "2A-2B",
    "C++ x::y::z", "REF-255081416802538",
    "255081416802537", "2 55 08 14 168 025", "2550814168025", "prix ?=5", "a/b=c", "https://shop.example/p", "x=1;y=2",
    "Ça va ? a=b", "1/2 ?", "https://shop.example/#avis", "C# x=1", "«a» ; b = c", "0255081416802538",
)
# fmt: on


@pytest.mark.parametrize(("pattern", "text"), [(name, text) for name, texts in FOUND.items() for text in texts])
def test_personal_data_is_found_by_its_form(pattern: str, text: str) -> None:
    assert is_found(pattern, without_escapes(text))


def without_escapes(text: str) -> str:
    (plain,) = duckdb.execute(f"select {decoded('$1::varchar')}", [text]).fetchall()[0]
    return str(plain)


def is_found(pattern: str, text: str) -> bool:
    """As the expectation looks for it: first by the regular expression in SQL."""
    (is_candidate,) = duckdb.execute("select regexp_matches($1, $2)", [text, PATTERNS[pattern].prefilter]).fetchall()[0]
    is_in = PATTERNS[pattern].is_in(text)
    assert is_candidate or not is_in, "the regular expression in SQL is narrower than the pattern"
    return bool(is_candidate) and is_in


@pytest.mark.parametrize("pattern", PATTERNS)
def test_products_dates_prices_and_versions_are_no_personal_data(pattern: str) -> None:
    assert [text for text in HARMLESS if is_found(pattern, without_escapes(text))] == []


def test_no_product_number_is_taken_for_a_card_or_a_phone() -> None:
    numbers = random.Random(5)
    for _ in range(5000):
        digits = f"{numbers.randrange(10**12):012d}"
        assert not any(pattern.is_in(digits + ean.calc_check_digit(digits)) for pattern in PATTERNS.values())


def test_a_wrong_check_digit_is_no_iban_and_no_card() -> None:
    assert not PATTERNS["iban"].is_in("FR7630006000011234567890188")
    assert not PATTERNS["card"].is_in("4111111111111112")
    assert not PATTERNS["social_security_number"].is_in("1 85 05 2A 006 084 36")


def in_groups(text: str, lengths: list[int], separator: str) -> str:
    """The text cut into groups; what is left is one more."""
    groups, rest = [], text
    for length in lengths:
        groups.append(rest[:length])
        rest = rest[length:]
    return separator.join([*groups, rest] if rest else groups)


@st.composite
def social_security_numbers(draw: st.DrawFn) -> str:
    department = draw(st.one_of(st.integers(1, 99).map("{:02d}".format), st.sampled_from(["2A", "2B", "2a"])))
    month = draw(st.one_of(st.integers(1, 12), st.integers(20, 42), st.integers(50, 99)))
    number = (
        f"{draw(st.sampled_from('1278'))}{draw(st.integers(0, 99)):02d}{month:02d}{department}"
        f"{draw(st.integers(1, 990)):03d}{draw(st.integers(1, 999)):03d}"
    )
    number += nir.calc_check_digits(number.upper())
    return in_groups(number, [1, 2, 2, 2, 3, 3, 2], draw(st.sampled_from(["", " ", ".", "-"])))


@st.composite
def cards(draw: st.DrawFn) -> str:
    begins, length = draw(
        st.sampled_from([("4", 16), ("51", 16), ("2221", 16), ("34", 15), ("6011", 16), ("3528", 16)])
    )
    digits = begins + draw(st.text("0123456789", min_size=length - 1 - len(begins), max_size=length - 1 - len(begins)))
    digits += luhn.calc_check_digit(digits)
    return in_groups(digits, [4, 4, 4, 4] if length == 16 else [4, 6, 5], draw(st.sampled_from(["", " ", "-"])))


@st.composite
def ibans(draw: st.DrawFn) -> str:
    account = draw(st.text("0123456789", min_size=18, max_size=18))
    number = f"DE00{account}"
    number = f"DE{calc_check_digits(number)}{account}"
    written = in_groups(number, [4] * 5, draw(st.sampled_from(["", " ", "-"])))
    return written.lower() if draw(st.booleans()) else written


@st.composite
def phones(draw: st.DrawFn) -> str:
    pairs = in_groups(f"{draw(st.integers(0, 10**8 - 1)):08d}", [2, 2, 2, 2], draw(st.sampled_from([" ", ".", "-"])))
    return draw(st.sampled_from(["06", "+33 6", "+33 (0)6", "0033 6", "(06)"])) + pairs[2:3].strip("0123456789") + pairs


@st.composite
def ip_addresses(draw: st.DrawFn) -> str:
    host = (0x2001 << 112) + (draw(st.integers(1, 0xFFFF)) << 96) + (draw(st.integers(1, 0xFFFF)) << 64)
    address = ipaddress.IPv6Address(host + draw(st.integers(1, 0xFFFF_FFFF)))
    return draw(st.sampled_from([address.compressed, address.exploded, address.compressed.upper()]))


FORMS = {
    "social_security_number": social_security_numbers(),
    "card": cards(),
    "iban": ibans(),
    "phone": phones(),
    "ip_address": ip_addresses(),
    "email": st.emails(domains=st.just("example.fr")).filter(
        lambda address: address.split("@")[0][-1] not in "!#$&*/=?^`{|}~"
    ),
}
BEFORE = st.sampled_from(["", "n° ", "(", "merci ! ", "« ", "id=", "[", "é, ", "\n", "lot 7; "])
AFTER = st.sampled_from(["", ".", " svp", ")", " »", "!", ";", "\n", ", merci", "]"])


@pytest.mark.parametrize("pattern", FORMS)
@given(data=st.data(), before=BEFORE, after=AFTER)
def test_whatever_is_valid_is_found_in_any_surroundings(
    pattern: str, data: st.DataObject, before: str, after: str
) -> None:
    assert is_found(pattern, before + data.draw(FORMS[pattern]) + after)


@given(
    st.sampled_from(["https://shop.example", "www.shop.example", "//cdn.example/a", "/compte", "app://x"]),
    st.sampled_from("?#;"),
    st.from_regex(r"[a-z_]{1,12}(\[\])?", fullmatch=True),
    st.from_regex(r"[A-Za-z0-9._~-]{0,20}", fullmatch=True),
    BEFORE.filter(lambda text: text != "id="),
)
def test_whatever_has_parameters_is_found(address: str, mark: str, key: str, value: str, before: str) -> None:
    assert is_found("url_query", f"{before}{address}{mark}{key}={value}")


# Of numbers at random, so many may look like something by chance: what the expectation documents, with a margin.
CHANCES = {
    ("card", "4", 16): 1 / 10,
    ("social_security_number", "", 15): 1 / 285,
    ("card", "", 16): 1 / 40,
    ("card", "", 13): 1 / 100,
}


@pytest.mark.parametrize("case", CHANCES, ids=str)
def test_numbers_alarm_at_most_as_often_as_documented(case: tuple[str, str, int]) -> None:
    pattern, begins, length = case
    numbers, trials = random.Random(7), 20_000
    digits = length - len(begins)
    found = sum(PATTERNS[pattern].is_in(f"{begins}{numbers.randrange(10**digits):0{digits}d}") for _ in range(trials))
    assert 0 < found <= 1.2 * CHANCES[case] * trials


@pytest.mark.parametrize("length", [6, 8, 9, 12, 14])
def test_numbers_of_other_lengths_never_alarm(length: int) -> None:
    """But for 14 digits that begin with 00 (abroad), or like a card of 14 digits with a valid Luhn digit."""
    numbers = random.Random(length)
    for _ in range(3000):
        digits = f"{numbers.randrange(1, 10):d}{numbers.randrange(10 ** (length - 1)):0{length - 1}d}"
        found = {name for name, pattern in PATTERNS.items() if pattern.is_in(digits)}
        assert found <= ({"card"} if length == 14 and digits.startswith("3") else set())
