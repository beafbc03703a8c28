"""Who has the published files, the code and all customer and purchase numbers, but not the secret, matches nobody."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from bigtrust import keys, secret
from bigtrust.attacks import dictionary as attacker
from bigtrust.attacks.dictionary import Columns, Target, digest
from warehouse import Warehouse

pytestmark = pytest.mark.xdist_group("dictionary_attack")

PSEUDONYMS = {"person": "person_pseudonym", "purchase": "purchase_pseudonym"}


@pytest.fixture(scope="module")
def numbers(published: Warehouse) -> dict[str, list[str]]:
    """All customer and purchase numbers that were delivered."""
    numbers = attacker.numbers(published.landing)
    assert len(numbers["person"]) >= 140
    assert len(numbers["purchase"]) > 1000
    return numbers


@pytest.fixture(scope="module")
def columns(published: Warehouse) -> Columns:
    """Everything that was published."""
    columns = attacker.published(published.root / "published")
    assert sum(map(len, columns.values())) > 10_000
    return columns


@pytest.fixture(scope="module")
def target(columns: Columns) -> Target:
    """Everything that was published, to be looked up."""
    return Target(columns)


@pytest.fixture(scope="module")
def domain_keys(published: Warehouse) -> dict[str, bytes]:
    """What the attacker has not: the key of each domain."""
    value = secret.load(published.settings, {})
    return {domain: secret.domain_key(value, domain) for domain in secret.DOMAINS}


def with_pseudonyms(columns: Columns) -> dict[str, dict[str, set[Any]]]:
    """The pseudonyms of each publication that has any, by kind: whichever publications there are."""
    found: dict[str, dict[str, set[Any]]] = {}
    for kind, column in PSEUDONYMS.items():
        for name, values in columns.items():
            if name.endswith(f".{column}"):
                found.setdefault(name.split(".")[0], {}).setdefault(kind, set()).update(values)
    return found


def sample(numbers: dict[str, list[str]], size: int) -> dict[str, list[str]]:
    """Some of the numbers. A key or a way of hashing that is used is used for all, so that a few would betray it."""
    return {kind: values[:: len(values) // size] for kind, values in numbers.items()}


# --- the attack fails


def test_without_a_key_nobody_is_found(target: Target, numbers: dict[str, list[str]]) -> None:
    assert attacker.attack(target, numbers) == {}


def test_with_a_guessed_key_nobody_is_found(target: Target, numbers: dict[str, list[str]]) -> None:
    guesses = attacker.guessed_keys()
    assert len(guesses) > 200
    assert attacker.attack_with_keys(target, numbers, guesses, [attacker.hmac_sha256]) == {}
    assert attacker.attack_with_keys(target, sample(numbers, 20), guesses) == {}


def test_with_any_published_text_as_the_key_nobody_is_found(
    published: Warehouse, target: Target, columns: Columns, numbers: dict[str, list[str]]
) -> None:
    texts = {*target.texts, *columns, *itertools.chain.from_iterable(name.split(".") for name in columns)}
    assert {"policy_version", "analytics", "person_pseudonym"} <= texts
    assert attacker.attack_with_keys(target, sample(numbers, 10), attacker.text_keys(texts)) == {}


def test_the_fingerprint_and_the_key_versions_do_not_help(
    published: Warehouse, target: Target, numbers: dict[str, list[str]]
) -> None:
    """They are no secrets: whoever may read the register but not the secret finds nobody either."""
    files = [published.settings.register / secret.FINGERPRINT, published.settings.used_keys]
    texts = [line for path in files for line in path.read_text(encoding="ascii").split()]
    assert any(len(text) == 64 for text in texts)
    guesses = attacker.text_keys(texts)
    guesses += [secret.domain_key(key, domain) for key in list(guesses) for domain in secret.DOMAINS]
    assert attacker.attack_with_keys(target, sample(numbers, 100), guesses) == {}


def test_the_order_of_the_published_rows_says_nothing_about_the_order_of_the_numbers(
    published: Warehouse, columns: Columns, numbers: dict[str, list[str]], domain_keys: dict[str, bytes]
) -> None:
    relations = {tuple(name.split(".")) for name in columns if name.split(".")[-1] in PSEUDONYMS.values()}
    examined = 0
    for publication, schema, relation, column in sorted(relations):
        kind = column.removesuffix("_pseudonym")
        ranks = {
            attacker.pseudonym(domain_keys[publication], kind, number): rank
            for rank, number in enumerate(numbers[kind])
        }
        rows = published.query(publication, f"select {column} from {schema}.{relation} where {column} is not null")
        in_order = list(dict.fromkeys(ranks[value] for (value,) in rows))
        if len(in_order) > 50:
            examined += 1
            # six standard deviations of a random order
            assert abs(correlation(range(len(in_order)), in_order)) < 6 / len(in_order) ** 0.5, (relation, column)
    assert examined >= 8


def correlation(left: Any, right: Any) -> float:
    """Spearman's rank correlation, from -1 to 1, of two sequences without ties."""
    ranks = [np.argsort(np.argsort(np.array(values, dtype=float))) for values in (left, right)]
    return float(np.corrcoef(*ranks)[0, 1])


# --- the same attack works where it should


def test_with_the_secret_everybody_is_found(
    target: Target, columns: Columns, numbers: dict[str, list[str]], domain_keys: dict[str, bytes]
) -> None:
    publications = with_pseudonyms(columns)
    assert "analytics" in publications
    for publication, kinds in publications.items():
        found = attacker.attack_with_keys(target, numbers, [domain_keys[publication]], [attacker.hmac_sha256])
        for kind, pseudonyms in kinds.items():
            matched = {value for name, values in found.items() if name.startswith(f"{kind}:") for value in values}
            assert pseudonyms <= matched, (publication, kind)
            assert len(pseudonyms) > 20


PLANTED: dict[str, Callable[[str], Any]] = {
    "md5": lambda x: uuid.UUID(bytes=digest("md5", x.encode())),
    "sha256, left": lambda x: uuid.UUID(bytes=digest("sha256", x.encode())[:16]),
    "sha256, right": lambda x: uuid.UUID(bytes=digest("sha256", x.encode())[16:]),
    "sha256, middle": lambda x: uuid.UUID(bytes=digest("sha256", x.encode())[5:21]),
    "sha256, backwards": lambda x: uuid.UUID(bytes=digest("sha256", x.encode())[15::-1]),
    "sha256, whole, as text": lambda x: digest("sha256", x.encode()).hex(),
    "sha512, as base64": lambda x: base64.b64encode(digest("sha512", x.encode())).decode(),
    "sha1, as base64 for web addresses": lambda x: base64.urlsafe_b64encode(digest("sha1", x.encode())).decode(),
    "sha224, as base32": lambda x: base64.b32encode(digest("sha224", x.encode())[:20]).decode(),
    "sha384, as bytes": lambda x: digest("sha384", x.encode()),
    "sha3": lambda x: digest("sha3_256", x.encode())[:16],
    "sha256, half of it": lambda x: digest("sha256", x.encode()).hex()[:16],
    "blake2b": lambda x: hashlib.blake2b(x.encode(), digest_size=64).digest(),
    "with its kind before it": lambda x: uuid.UUID(bytes=digest("sha256", f"person:{x}".encode())[:16]),
    "with the project before it": lambda x: uuid.UUID(bytes=digest("sha256", f"bigtrust:{x}".encode())[:16]),
    "hashed twice": lambda x: digest("sha256", digest("sha256", x.encode())).hex(),
    "uuid3": lambda x: uuid.uuid3(uuid.NAMESPACE_URL, x),
    "uuid5": lambda x: uuid.uuid5(uuid.NAMESPACE_DNS, x),
    "sha256 as a UUID of version 4": lambda x: uuid.UUID(bytes=digest("sha256", x.encode())[:16], version=4),
    "DuckDB's hash": lambda x: duckdb.execute("select hash($1)", [x]).fetchall()[0][0],
    "DuckDB's hash of a number": lambda x: duckdb.execute("select hash($1::bigint)", [x[1:]]).fetchall()[0][0],
    "DuckDB's md5_number": lambda x: duckdb.execute("select md5_number($1)", [x]).fetchall()[0][0],
    "the number itself": lambda x: x,
    "the number in lower case": lambda x: x.lower(),
}
PLANTED_WITH_A_KEY: dict[str, Callable[[str], Any]] = {
    "no key": lambda x: hmac.digest(b"", f"person:{x}".encode(), "sha256")[:16],
    "zeros": lambda x: hmac.digest(bytes(32), f"person:{x}".encode(), "sha256")[:16],
    "a word": lambda x: hmac.digest(b"bigtrust", x.encode(), "sha256")[:16],
    "the domain": lambda x: hmac.digest(b"analytics", f"person:{x}".encode(), "sha256")[:16],
    "the label of the domain": lambda x: hmac.digest(
        b"bigtrust/pseudonymisation/analytics/v1", f"person:{x}".encode(), "sha256"
    )[:16],
    "a key derived from zeros": lambda x: attacker.pseudonym(secret.domain_key(bytes(32), "analytics"), "person", x),
    "salted": lambda x: digest("sha256", b"salt" + x.encode()).hex(),
    "peppered": lambda x: digest("md5", x.encode() + b"pepper"),
}
TEN = {"person": [f"C000{number}" for number in range(2000, 2010)]}


@pytest.mark.parametrize("scheme", PLANTED)
def test_an_unkeyed_hash_would_be_found(scheme: str) -> None:
    planted = Target({"somewhere": {PLANTED[scheme](number) for number in TEN["person"]}})
    assert len(attacker.attack(planted, TEN)) == 10


@pytest.mark.parametrize("scheme", PLANTED_WITH_A_KEY)
def test_a_hash_under_a_guessed_key_would_be_found(scheme: str) -> None:
    planted = Target({"somewhere": {PLANTED_WITH_A_KEY[scheme](number) for number in TEN["person"]}})
    assert attacker.attack(planted, TEN) == {}
    assert len(attacker.attack_with_keys(planted, TEN, attacker.guessed_keys())) == 10


def test_a_hash_under_a_published_text_would_be_found(published: Warehouse, tmp_path: Path) -> None:
    """Planted into a copy of a publication, under a name that says nothing."""
    with duckdb.connect(str(tmp_path / "analytics.duckdb")) as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.about as select 'policy_version' as fact, '2026-11-23' as value")
        connection.execute("create table marts.extra as select null::uuid as reference, 1 as visits where false")
        for number in TEN["person"]:
            reference = hmac.digest(b"2026-11-23", number.encode(), "sha256")[:16].hex()
            connection.execute("insert into marts.extra values (?, 1)", [reference])
    planted = Target(attacker.published(tmp_path))
    assert len(attacker.attack_with_keys(planted, TEN, attacker.text_keys(planted.texts))) == 10


# --- another domain's pseudonyms do not help


def test_every_publication_with_pseudonyms_is_a_domain_of_its_own(columns: Columns) -> None:
    assert set(with_pseudonyms(columns)) <= set(secret.DOMAINS)


def test_no_pseudonym_is_in_two_publications(columns: Columns) -> None:
    """Under whatever name and type: nor any 128 bits of it."""
    for one, other in itertools.permutations(with_pseudonyms(columns), 2):
        elsewhere = Target({name: values for name, values in columns.items() if name.startswith(f"{other}.")})
        for pseudonyms in with_pseudonyms(columns)[one].values():
            assert not any(elsewhere.matches(pseudonym.bytes) for pseudonym in pseudonyms)


def test_who_knows_everybody_in_one_domain_finds_nobody_in_another(
    columns: Columns, numbers: dict[str, list[str]], domain_keys: dict[str, bytes]
) -> None:
    """The attacker has the whole map of a domain, every number with its pseudonym, and looks at a publication."""
    everything = [(kind, number) for kind, values in numbers.items() for number in values]
    pairs_of_domains = [
        (publication, other)
        for publication, other in itertools.product(with_pseudonyms(columns), secret.DOMAINS)
        if publication != other
    ]
    assert pairs_of_domains
    for publication, other in pairs_of_domains:
        target = Target({**with_pseudonyms(columns)[publication]})
        pairs = []
        for kind, number in everything:
            known = attacker.pseudonym(domain_keys[other], kind, number)
            guesses = [known.bytes, str(known).encode()]
            assert attacker.attack_with_keys(target, {kind: [number]}, guesses) == {}
            assert not any(target.matches(digest(name, guess)) for name in ("md5", "sha256") for guess in guesses)
            assert not target.matches(known.bytes)
            unknown = attacker.pseudonym(domain_keys[publication], kind, number)
            if target.matches(unknown.bytes):
                pairs.append((known.int, unknown.int))
        # whoever links one pair learns nothing about the next: neither xor nor difference is constant
        assert len(pairs) > 20
        assert len({left ^ right for left, right in pairs}) == len(pairs)
        assert len({left - right for left, right in pairs}) == len(pairs)
        assert abs(correlation(*zip(*pairs, strict=True))) < 6 / len(pairs) ** 0.5


def test_the_published_key_version_is_the_one_in_force(published: Warehouse, columns: Columns) -> None:
    for publication in with_pseudonyms(columns):
        assert keys.published(published.settings, publication) == keys.versions(published.settings)[publication]
