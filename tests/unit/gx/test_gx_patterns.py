"""Patterns of personal data: what they find, and what looks similar and is none."""

import random

import duckdb
import pytest
from stdnum import ean

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
    ],
    "iban": ["FR7630006000011234567890189", "fr76 3000 6000 0112 3456 7890 189 merci", "IBAN: BE68 5390 0754 7034."],
    "card": [
        "4111111111111111",
        "4111 1111 1111 1111",
        "5555-5555-5555-4444",
        "378282246310005",
        "carte 4242424242424242 !",
    ],
    "ip_address": [
        *("192.168.1.10", "from 82.64.12.7:443", "http://82.64.12.7/x", "2001:0db8:85a3::8a2e:0370:7334"),
        *("[2001:db8:1::1]", "fe80::1ff:fe23:4567:890a"),
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
)
# fmt: on


@pytest.mark.parametrize(("pattern", "text"), [(name, text) for name, texts in FOUND.items() for text in texts])
def test_personal_data_is_found_by_its_form(pattern: str, text: str) -> None:
    assert duckdb.execute("select regexp_matches($1, $2)", [text, PATTERNS[pattern].prefilter]).fetchone() == (True,)
    assert PATTERNS[pattern].is_in(text)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_products_dates_prices_and_versions_are_no_personal_data(pattern: str) -> None:
    assert [text for text in HARMLESS if PATTERNS[pattern].is_in(text)] == []


def test_no_product_number_is_taken_for_a_card_or_a_phone() -> None:
    numbers = random.Random(5)
    for _ in range(5000):
        digits = f"{numbers.randrange(10**12):012d}"
        assert not any(pattern.is_in(digits + ean.calc_check_digit(digits)) for pattern in PATTERNS.values())


def test_a_wrong_check_digit_is_no_iban_and_no_card() -> None:
    assert not PATTERNS["iban"].is_in("FR7630006000011234567890188")
    assert not PATTERNS["card"].is_in("4111111111111112")
