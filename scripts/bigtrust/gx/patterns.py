r"""Patterns of personal data: what is found by its form, without knowing the person.

Each pattern is looked for in two steps. A regular expression in SQL, as wide as needed, picks candidates among the
distinct values of a column; then Python decides, by what surrounds the candidate and by its check digits, so that
product numbers, EANs, dates, prices, UUIDs and version numbers do not alarm.
"""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass

from stdnum import ean, iban, isbn, luhn
from stdnum.fr import nir


@dataclass(frozen=True)
class Pattern:
    """`prefilter` is a regular expression of DuckDB that matches every text that `is_in` may find it in."""

    code: str
    title: str
    prefilter: str
    is_in: Callable[[str], bool]


_EMAIL = re.compile(r"[\w.%+'-]+@[\w-]+(?:\.[\w-]+)*\.[^\W\d_]{2,}")

_SEPARATOR = r"[ \u00a0./-]?"
_INTERNATIONAL_PHONE = re.compile(rf"(?<![\w+])(?:\+|00)[1-9](?:{_SEPARATOR}\(?\d\)?){{7,14}}(?!\d)")
_FRENCH_PHONE_IN_PAIRS = re.compile(
    r"(?<![\w.,:/-])(?<!\d )(?:0[1-9]|\(0[1-9]\))(?:([ \u00a0./-])\d\d)(?:\1\d\d){3}(?![\w])"
    r"|(?<![\w.,:/-])(?<!\d )0[67]\d\d(?: \d\d){3}(?![\w])"
)
_FRENCH_MOBILE_PHONE = re.compile(r"(?<![\w.,/+-])0[67]\d{8}(?![\w.,]\d|\w|-\d)")

_IBAN = re.compile(r"(?<![A-Z0-9])[A-Z]{2}\d{2}(?:[ .-]?[A-Z0-9]){11,30}")
_IBAN_LENGTHS = range(15, 35)

_CARD = re.compile(r"(?<![\w.,-])(?:\d(?:[ -]?\d){12,18}|\d{4}(?:\.\d{4}){3})(?![\w]|[.,-]\d)")
# First digits and lengths (ISO/IEC 7812): Visa; Mastercard; American Express, Diners; Discover, JCB; UnionPay; Maestro.
_CARD_ISSUER = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}"
    r"|3[47]\d{13}|3(?:0[0-5]|[689]\d)\d{11}|(?:6011|65\d\d|64[4-9]\d|35\d\d|62\d\d)\d{12}"
    r"|62\d{14,17}|(?:50|5[6-8]|63|67)\d{14}"
)

_IPV4 = re.compile(
    r"(?<![\w.-])(?<!\w/)(?<!\bv )(?<!\bversion )(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)"
    r"(?![\w-]|\.\d)",
    re.IGNORECASE,
)
_IPV6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f:]{6,39}(?![\w:])")
# Addresses of hosts: global (RFC 4291, 2.5.4), unique local (RFC 4193), link-local (RFC 4291, 2.5.6).
_IPV6_OF_A_HOST = re.compile(r"(?:[23][0-9A-F]|F[CD]|FE[89AB])[0-9A-F]+::", re.IGNORECASE)

# INSEE: sex (7, 8: a number given provisionally), year, month (20 to 42 and from 50 on: not known), department or
# country of birth, commune, rank; the key is 97 less the rest of the 13 digits modulo 97.
_NIR = re.compile(
    rf"(?<![\w.,/-])[1278]{_SEPARATOR}\d\d{_SEPARATOR}(?:0[1-9]|1[0-2]|[23]\d|4[0-2]|[5-9]\d){_SEPARATOR}(?:\d\d|2[AB])"
    rf"(?:{_SEPARATOR}\d{{3}}){{2}}{_SEPARATOR}\d\d(?!\w|[.,/-]\d)",
    re.IGNORECASE,
)

# A scheme, www. or a slash begins an address; so does a host with a name that ends like one.
_URL_QUERY = re.compile(
    r"(?:\b[a-z][a-z0-9+.-]*://|\bwww\.|(?<![\w<])/|\b(?:[\w-]+\.)+[a-z]{2,}(?![\w.-]))"
    r"[^\s\"'<>?#;]*[?#;][^\s\"'<>=]*[\w\].%-]=",
    re.IGNORECASE,
)


def _has_email(text: str) -> bool:
    return _EMAIL.search(text) is not None


def _has_phone(text: str) -> bool:
    for match in _INTERNATIONAL_PHONE.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        # 13 digits that begin with 00 may be the number of a product.
        if match[0].startswith("+") or not (match[0].isdigit() and ean.is_valid(digits)):
            return True
    if _FRENCH_PHONE_IN_PAIRS.search(text):
        return True
    return any(not isbn.is_valid(match[0]) for match in _FRENCH_MOBILE_PHONE.finditer(text))


def _has_iban(text: str) -> bool:
    for match in _IBAN.finditer(text.upper()):
        compact = re.sub(r"[ .-]", "", match[0])
        if any(
            iban.is_valid(compact[:length], check_country=False) for length in _IBAN_LENGTHS if length <= len(compact)
        ):
            return True
    return False


def _has_card(text: str) -> bool:
    for match in _CARD.finditer(text):
        digits = re.sub(r"[ .-]", "", match[0])
        if _CARD_ISSUER.fullmatch(digits) and luhn.is_valid(digits) and not ean.is_valid(digits):
            return True
    return False


def _has_ip_address(text: str) -> bool:
    for match in _IPV4.finditer(text):
        octets = match[0].split(".")
        # 4.1.0.2 is a version; 0.1.20.4 is no address of a host.
        if octets[0] != "0" and any(len(octet) > 1 for octet in octets):
            return True
    return any(_is_ipv6(match[0]) for match in _IPV6.finditer(text))


def _is_ipv6(text: str) -> bool:
    groups = [group for group in text.split(":") if group]
    try:
        # a::b and ::1 are scopes, ratios and the machine itself
        return (len(groups) >= 3 or _IPV6_OF_A_HOST.match(text) is not None) and bool(ipaddress.IPv6Address(text))
    except ValueError:
        return False


def _has_social_security_number(text: str) -> bool:
    return any(nir.is_valid(re.sub(r"\W", "", match[0])) for match in _NIR.finditer(text))


def _has_url_query(text: str) -> bool:
    return _URL_QUERY.search(text) is not None


PATTERNS = {
    "email": Pattern("PAT-01", "an e-mail address", r"@", _has_email),
    "phone": Pattern("PAT-02", "a telephone number", r"(\+|0).?[1-9](\D{0,3}\d){7}", _has_phone),
    "iban": Pattern("PAT-03", "a bank account number (IBAN)", r"(?i)[A-Z]{2}\d{2}([ .-]?[A-Z0-9]){11}", _has_iban),
    "card": Pattern("PAT-04", "a payment card number", r"\d([ .-]?\d){12}", _has_card),
    "ip_address": Pattern(
        "PAT-05", "an IP address", r"(\d{1,3}\.){3}\d|[0-9A-Fa-f]*:[0-9A-Fa-f:]*:[0-9A-Fa-f]", _has_ip_address
    ),
    "social_security_number": Pattern(
        "PAT-06",
        "a French social security number (NIR)",
        r"[1278][ ./-]?\d\d[ ./-]?\d\d[ ./-]?\d[\dABab]([ ./-]?\d){8}",
        _has_social_security_number,
    ),
    "url_query": Pattern("PAT-07", "a web address with parameters", r"[?#;][^\s=]*=", _has_url_query),
}


def found_in(text: str) -> Pattern | None:
    """The first pattern that a text contains, if there is one."""
    return next((pattern for pattern in PATTERNS.values() if pattern.is_in(text)), None)
