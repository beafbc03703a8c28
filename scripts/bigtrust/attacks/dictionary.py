"""A dictionary attack: whoever has all customer and purchase numbers, whom do they find?

*The attacker has* the published files, the code and the list of all customer and purchase numbers, but no secret. They
hash each number in every way that somebody might have thought of, and look for the result in every column of every
publication: as a whole, any 128 bits in a row of it, its first or last 64 bits, also backwards. A match is a person or
a purchase found. Nothing here knows where pseudonyms are: a column of any name and type counts.

*Judged* by the same attack with the secret, which finds everybody who is published: so it works. Of many numbers, a
random sample is tried. A way of hashing is used for all of them, so that a few would betray it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import random
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from bigtrust import contract, landing, secret, sql
from bigtrust.attacks.measures import Measure, counted
from bigtrust.settings import PROJECT, PUBLICATIONS

KINDS = ("person", "purchase")
SMALLEST_NUMBER, SHORTEST = 2**40, 6  # numbers below, and fewer bytes, meet by chance
WINDOW = 16  # bytes: the length of a pseudonym
HASHES = sorted(name for name in hashlib.algorithms_guaranteed if not name.startswith("shake"))
NAMESPACES = (
    *(uuid.NAMESPACE_DNS, uuid.NAMESPACE_URL, uuid.NAMESPACE_OID, uuid.NAMESPACE_X500, uuid.UUID(int=0)),
    uuid.uuid5(uuid.NAMESPACE_DNS, "bigtrust"),
)
WORDS = (
    *(
        "",
        "bigtrust",
        "big_trust",
        "Big Trust",
        "secret",
        "salt",
        "pepper",
        "key",
        "password",
        "changeme",
        "fingerprint",
    ),
    *(
        "pseudonym",
        "pseudonymisation",
        "restricted",
        "vault",
        "policy",
        *KINDS,
        "event",
        *PUBLICATIONS,
        *secret.DOMAINS,
    ),
)

Columns = dict[str, set[Any]]
Found = dict[str, set[Any]]
Construction = Callable[[bytes, bytes], bytes]


def digest(name: str, message: bytes) -> bytes:
    """A hash of hashlib's, by name."""
    result: bytes = getattr(hashlib, name)(message, usedforsecurity=False).digest()
    return result


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """What the project uses."""
    return hmac.digest(key, message, "sha256")


CONSTRUCTIONS: tuple[Construction, ...] = (
    hmac_sha256,
    lambda key, message: hmac.digest(message, key, "sha256"),
    lambda key, message: hmac.digest(key, message, "sha512"),
    lambda key, message: hmac.digest(key, message, "md5"),
    lambda key, message: digest("sha256", key + message),
    lambda key, message: digest("sha256", message + key),
    lambda key, message: digest("md5", message + key),
    lambda key, message: digest("md5", key + message),
    lambda key, message: hashlib.blake2b(message, key=key[:64], digest_size=WINDOW).digest(),
)


def numbers(folder: Path, project: Path = PROJECT) -> dict[str, list[str]]:
    """All customer and purchase numbers of a landing folder, by kind, read with the project's own code."""
    tables = landing.inspect(folder, contract.load(project))
    found: dict[str, set[str]] = {kind: set() for kind in KINDS}
    with duckdb.connect() as connection:
        for table in tables.values():
            for kind, column in (("person", "customer_id"), ("purchase", "purchase_id")):
                if column in table.columns:
                    query = f"select distinct trim({column}) from ({landing.view_sql(table)})"
                    found[kind] |= {number for (number,) in connection.execute(query).fetchall() if number}
    return {kind: sorted(values) for kind, values in found.items()}


def published(folder: Path, most: int | None = None) -> Columns:
    """The distinct values of every column of every published file, by `publication.schema.relation.column`.

    Of a column with more than `most` distinct values, as many at random: the same ones each time, and the same ones in
    every relation.
    """
    columns: Columns = {}
    for path in sorted(folder.glob("*.duckdb")):
        with duckdb.connect(str(path), read_only=True) as connection:
            names = "select schema_name, table_name, column_name from duckdb_columns() where not internal"
            for schema, relation, column in connection.execute(names).fetchall():
                query = f"select distinct {sql.identifier(column)} as value from {schema}.{sql.identifier(relation)}"
                if most is not None:
                    query = f"select value from ({query}) order by md5(cast(value as varchar)) limit {most}"
                values = {value for (value,) in connection.execute(query).fetchall() if value is not None}
                columns[f"{path.stem}.{schema}.{relation}.{column}"] = values
    return columns


def sampled(numbers: Mapping[str, list[str]], size: int, seed: int) -> dict[str, list[str]]:
    """Of each kind at most so many numbers, at random; the same `seed` takes the same ones."""
    draw = random.Random(seed)  # noqa: S311  # nobody must not guess it: it must be the same again
    return {kind: draw.sample(values, min(size, len(values))) for kind, values in numbers.items()}


def pseudonym(key: bytes, kind: str, number: str) -> uuid.UUID:
    """The pseudonym, as whoever knows the key can compute it."""
    return uuid.UUID(bytes=hmac.digest(key, f"{kind}:{number}".encode(), "sha256")[:WINDOW])


class Target:
    """The published values, to look results of hashes up in."""

    def __init__(self, columns: Columns) -> None:
        self._values: dict[bytes, Any] = {}
        for values in columns.values():
            for value in values:
                if isinstance(value, str) and len(value) >= SHORTEST:
                    self._values[_plain(value)] = value
                for content in _contents(value):
                    for form in (content, content[::-1]):
                        self._values |= dict.fromkeys((form, *_windows(form)), value)
                    if len(content) == WINDOW:
                        self._values[_without_version(content)] = value
        self.texts = sorted({value for values in columns.values() for value in values if isinstance(value, str)})

    def matches(self, result: bytes) -> set[Any]:
        """The published values that share a result."""
        candidates = [result, result[:8], result[-8:], *_windows(result)]
        if self._values.keys().isdisjoint(candidates):
            return set()
        return {self._values[candidate] for candidate in candidates if candidate in self._values}


def attack(target: Target, numbers: dict[str, list[str]]) -> Found:
    """Try everything that needs no key. Returns what was found: by `kind:number`, the published values that match."""
    results = (
        (f"{kind}:{number}", result)
        for kind, values in numbers.items()
        for number in values
        for result in _unkeyed(kind, number)
    )
    return _look_up(target, itertools.chain(results, _engine(numbers)))


def attack_with_keys(
    target: Target,
    numbers: dict[str, list[str]],
    keys: Sequence[bytes],
    constructions: Sequence[Construction] = CONSTRUCTIONS,
) -> Found:
    """Try keys. Returns what was found: by `kind:number`, the published values that match."""
    results = (
        (f"{kind}:{number}", construct(key, message))
        for kind, values in numbers.items()
        for number in values
        for key in keys
        for message in (f"{kind}:{number}".encode(), number.encode())
        for construct in constructions
    )
    return _look_up(target, results)


def _look_up(target: Target, results: Iterable[tuple[str, bytes]]) -> Found:
    found: Found = {}
    for name, result in results:
        if matches := target.matches(result):
            found.setdefault(name, set()).update(matches)
    return found


def guessed_keys() -> list[bytes]:
    """Keys that somebody could have chosen, or that the code names: words, zeros, labels of HKDF, derived keys."""
    labels = [
        f"bigtrust/pseudonymisation/{domain}/v{version}"
        for domain in (*PUBLICATIONS, *secret.DOMAINS, "fingerprint")
        for version in range(4)
    ]
    weak = [word.encode() for word in (*WORDS, *labels)]
    weak += [bytes(length) for length in (16, 32, 64)] + [b"0" * 64, bytes(range(32))]
    weak += [hashlib.sha256(key).digest() for key in list(weak)]
    derived = {secret.domain_key(key, domain) for key in weak for domain in secret.DOMAINS for version in (1, 2)}
    return [*weak, *sorted(derived)]


def text_keys(texts: Iterable[str]) -> list[bytes]:
    """Texts as keys: as they are, decoded, and hashed."""
    return sorted(
        {key for text in texts for key in (text.encode(), *_contents(text), hashlib.sha256(text.encode()).digest())}
    )


def _contents(value: Any) -> list[bytes]:
    """The bytes that a published value may stand for."""
    if isinstance(value, uuid.UUID):
        return [value.bytes]
    if isinstance(value, bytes):
        return [value]
    if isinstance(value, str):
        text = value.replace("-", "")
        contents = []
        for decode in (bytes.fromhex, _base64, base64.b32decode):
            try:
                contents.append(decode(text if decode is bytes.fromhex else value))
            except ValueError:
                continue
        return [content for content in contents if len(content) >= SHORTEST]
    if isinstance(value, int) and abs(value) >= SMALLEST_NUMBER:
        return [value.to_bytes(8 if -(2**63) <= value < 2**64 else WINDOW, "big", signed=value < 0)]
    return []


def _base64(text: str) -> bytes:
    return base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True)


def _windows(content: bytes) -> list[bytes]:
    return [content[start : start + WINDOW] for start in range(len(content) - WINDOW + 1)]


def _texts(kind: str, number: str) -> list[str]:
    """The number as somebody may have written it before hashing."""
    digits = "".join(character for character in number if character.isdigit())
    texts = [number, number.lower(), digits, digits.lstrip("0"), f"{number}\n", f'"{number}"', number[::-1]]
    prefixes = [
        kind,
        *({"person": ("customer", "customer_id")}.get(kind, ("purchase_id",))),
        "bigtrust",
        *secret.DOMAINS,
    ]
    texts += [f"{prefix}{mark}{number}" for prefix in prefixes for mark in (":", "", "|", "-")]
    texts += [f"{domain}:{kind}:{number}" for domain in secret.DOMAINS]
    texts += [
        f"bigtrust/pseudonymisation/{domain}/v1{end}" for domain in secret.DOMAINS for end in (number, f"/{number}")
    ]
    return texts


def _unkeyed(kind: str, number: str) -> Iterator[bytes]:
    texts = _texts(kind, number)
    for text in texts:
        message = text.encode()
        yield _plain(text)
        yield _fnv(message)
        for name in HASHES:
            yield digest(name, message)
    for text in (number, f"{kind}:{number}"):
        for name in HASHES:
            once = digest(name, text.encode())
            yield _without_version(once[:WINDOW])
            yield digest(name, once)
            yield digest(name, once.hex().encode())
            yield digest(name, text.encode("utf-16-le"))
        for namespace in NAMESPACES:
            yield uuid.uuid3(namespace, text).bytes
            yield uuid.uuid5(namespace, text).bytes
    digits = "".join(filter(str.isdigit, number))
    for length, order in itertools.product((4, 8, WINDOW), ("big", "little")):
        as_number = (int(digits or 0) % 256**length).to_bytes(length, order)
        yield from (digest(name, as_number) for name in HASHES)


def _plain(text: str) -> bytes:
    """A text that was published as it is: looked up as a whole."""
    return b"plain " + text.encode()


def _engine(numbers: dict[str, list[str]]) -> Iterator[tuple[str, bytes]]:
    """DuckDB's own quick hashes, of text and of numbers."""
    functions = ("hash", "md5_number", "md5_number_upper", "md5_number_lower")
    columns = [f"{function}({text})" for function in functions for text in ("number", "$2 || number")]
    columns += [
        f"hash(try_cast(regexp_replace(number, '[^0-9]', '', 'g') as {kind}))" for kind in ("bigint", "hugeint")
    ]
    with duckdb.connect() as connection:
        for kind, values in numbers.items():
            query = f"select number, {', '.join(columns)} from (select unnest($1) as number)"
            for number, *results in connection.execute(query, [values, f"{kind}:"]).fetchall():
                for result in results:
                    yield f"{kind}:{number}", result.to_bytes(8 if result < 2**64 else WINDOW, "big")


def _without_version(content: bytes) -> bytes:
    """A UUID without the six bits that say how it was made."""
    return content[:6] + bytes([content[6] & 0x0F]) + content[7:8] + bytes([content[8] & 0x3F]) + content[9:]


def _fnv(message: bytes) -> bytes:
    """FNV-1a, 64 bits: a quick hash of many languages."""
    state = 0xCBF29CE484222325
    for byte in message:
        state = (state ^ byte) * 0x100000001B3 % 2**64
    return state.to_bytes(8, "big")


# --- measured

GUESSED_FOR = 25  # numbers of each kind that guessed keys are tried on: 338 keys take long
MOST_VALUES = 200_000  # distinct values of a column that are compared with
_PARTS = 10


@dataclass(frozen=True)
class LookedUp:
    """Of one publication: the numbers that were tried, those found without the secret, and those found with it (None:
    the publication has no pseudonyms, so no key)."""

    tried: int
    found: int
    with_secret: int | None


def look_up(
    columns: Columns,
    numbers: Mapping[str, list[str]],
    domain_keys: Mapping[str, bytes],
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> dict[str, LookedUp]:
    """Attack all publications with some numbers; returns what came of it by publication.

    `domain_keys` judge: the key of each publication that has pseudonyms, which the attacker has not.
    """
    target = Target(columns)
    few = {kind: values[:GUESSED_FOR] for kind, values in numbers.items()}
    matches: Found = {}
    for part in range(_PARTS):
        matches |= attack(target, {kind: values[part::_PARTS] for kind, values in numbers.items()})
        progress("without a key", part + 1, _PARTS + 1)
    for name, matched in attack_with_keys(target, few, guessed_keys()).items():
        matches.setdefault(name, set()).update(matched)
    progress("with guessed keys", _PARTS + 1, _PARTS + 1)
    found = {}
    for publication in sorted({name.split(".")[0] for name in columns}):
        values = set().union(*(held for name, held in columns.items() if name.startswith(f"{publication}.")))
        with_secret = None
        if publication in domain_keys:
            key = domain_keys[publication]
            with_secret = sum(
                pseudonym(key, kind, number) in values for kind, some in numbers.items() for number in some
            )
        found[publication] = LookedUp(
            tried=sum(map(len, numbers.values())),
            found=sum(not matched.isdisjoint(values) for matched in matches.values()),
            with_secret=with_secret,
        )
    return found


def measure(found: LookedUp) -> Measure:
    """Say what was found."""
    name = "Looked up in a list of all customer and purchase numbers"
    figure = f"{found.found:,} of {counted(found.tried, 'number')} found"
    if found.found:
        return Measure(
            name,
            figure,
            f"Found without any secret: {counted(found.found, 'number')}. Who has the list knows whose rows these are. "
            "Do not hand the file out, and find the column that is made of a number without a key.",
        )
    tried = "Who has all the numbers and hashes them in every usual way, and under guessed keys,"
    if found.with_secret is None:
        return Measure(name, figure, f"{tried} finds nobody: nothing in the file is made of a number.")
    return Measure(
        name,
        f"{figure}; with the secret, {found.with_secret:,}",
        f"{tried} finds nobody. With the secret, the same attack finds {found.with_secret:,} of them (the others are "
        "not published): it works, and the secret is what keeps them apart.",
    )
