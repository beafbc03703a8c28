"""Pseudonyms are keyed, each domain for itself, and the secret is found, made or refused with a reason."""

from __future__ import annotations

import base64
import hmac
import itertools
import re
import shutil
import uuid
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import duckdb
import jinja2
import numpy as np
import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bigtrust import secret
from bigtrust.errors import ConfigurationError
from bigtrust.settings import PROJECT, Settings

SECRET = bytes(range(7, 39))
MACRO = PROJECT / "macros" / "privacy" / "issue_pseudonym.sql"

identifiers = st.text(alphabet=st.characters(codec="utf-8"), max_size=80)


def folders(root: Path) -> Settings:
    names = ("landing", "warehouse", "published", "register", "site", "ledger")
    environment = {f"BIGTRUST_{name.upper()}": str(root / name) for name in names}
    return Settings.load({**environment, "BIGTRUST_SECRET_FILE": str(root / "secrets" / "key")})


def write_secret(root: Path, text: str | bytes, mode: int = 0o600) -> Path:
    path = folders(root).secret_file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    path.chmod(mode)
    return path


def refusal(settings: Settings, environment: dict[str, str]) -> str:
    with pytest.raises(ConfigurationError) as caught:
        secret.load(settings, environment)
    message = str(caught.value)
    assert message.startswith("Pseudonymisation secret: ")
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    return message


# --- the pseudonyms


def macro_sql(domain: str, kind: str, identifier: str) -> str:
    """The SQL of macros/privacy/issue_pseudonym.sql."""
    template = jinja2.Environment(autoescape=False).from_string(MACRO.read_text(encoding="utf-8"))  # noqa: S701
    return str(template.module.issue_pseudonym(domain, kind, identifier))  # type: ignore[attr-defined]


def connection_with_key(key: bytes | None, domain: str = "analytics") -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    if key is not None:
        inner, outer = secret.pads(key)
        connection.execute(f"set variable {domain}_inner_pad = ?", [inner])
        connection.execute(f"set variable {domain}_outer_pad = ?", [outer])
    return connection


@pytest.fixture
def keyed() -> Iterator[duckdb.DuckDBPyConnection]:
    with connection_with_key(secret.domain_key(SECRET, "analytics")) as connection:
        yield connection


@settings(max_examples=50, deadline=None)
@example(["", "0", "x" * 200])
@given(st.lists(identifiers, min_size=1, max_size=20))
def test_the_pseudonym_in_sql_is_hmac_sha256_cut_to_128_bits(identifiers: list[str]) -> None:
    key = secret.domain_key(SECRET, "analytics")
    expected = [uuid.UUID(hmac.digest(key, f"person:{x}".encode(), "sha256").hex()[:32]) for x in identifiers]
    with connection_with_key(key) as connection:
        query = f"select {macro_sql('analytics', 'person', 'x')} from (select unnest(?) as x)"
        assert [row[0] for row in connection.execute(query, [identifiers]).fetchall()] == expected


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=64), st.binary(max_size=200))
def test_the_pads_make_hmac_of_any_key_and_message(key: bytes, message: bytes) -> None:
    inner, outer = secret.pads(key)
    digest = sha256(outer + sha256(inner + message).digest()).digest()
    assert digest == hmac.digest(key, message, "sha256")


# RFC 4231, section 4: number, key, message, HMAC-SHA-256. Keys of more than a block (64 bytes) are hashed first
# (RFC 2104, section 2); ours have 32 bytes. Test case 5 is cut to 128 bits in the RFC itself, as pseudonyms are.
RFC_4231 = [
    (1, b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    (
        2,
        b"Jefe",
        b"what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ),
    (3, b"\xaa" * 20, b"\xdd" * 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
    (4, bytes(range(1, 26)), b"\xcd" * 50, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
    (5, b"\x0c" * 20, b"Test With Truncation", "a3b6167473100ee06e0c796c2955552b"),
    (
        6,
        b"\xaa" * 131,
        b"Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ),
    (
        7,
        b"\xaa" * 131,
        b"This is a test using a larger than block-size key and a larger than block-size data. The key needs to be "
        b"hashed before being used by the HMAC algorithm.",
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
    ),
]


@pytest.mark.parametrize(("number", "key", "message", "expected"), RFC_4231, ids=[str(case[0]) for case in RFC_4231])
def test_the_published_answers_of_rfc_4231_hold_in_sql(number: int, key: bytes, message: bytes, expected: str) -> None:
    """The macro's own SQL, with the message of the test case in the place of `<kind>:<identifier>`."""
    macro = macro_sql("analytics", "person", "x")
    sql = macro.replace("encode('person:' || x)", f"unhex('{message.hex()}')")
    assert sql != macro
    with connection_with_key(sha256(key).digest() if len(key) > 64 else key) as connection:
        assert connection.execute(f"select {sql}").fetchall() == [(uuid.UUID(expected[:32]),)]


def test_without_the_key_there_is_no_pseudonym_rather_than_an_unkeyed_one() -> None:
    sql = macro_sql("analytics", "person", "'C1'")
    assert connection_with_key(None).execute(f"select {sql}").fetchall() == [(None,)]


def test_nobody_has_no_pseudonym(keyed: duckdb.DuckDBPyConnection) -> None:
    assert keyed.execute(f"select {macro_sql('analytics', 'person', 'null')}").fetchall() == [(None,)]


def test_the_kinds_of_identifiers_share_no_pseudonym(keyed: duckdb.DuckDBPyConnection) -> None:
    kinds = ("person", "purchase", "event")
    sql = ", ".join(macro_sql("analytics", kind, "'1'") for kind in kinds)
    assert len(set(keyed.execute(f"select {sql}").fetchall()[0])) == len(kinds)


def test_domains_and_versions_have_unrelated_keys() -> None:
    keys = {secret.domain_key(SECRET, domain, version) for domain in ("analytics", "marketing") for version in (1, 2)}
    assert len(keys) == 4
    assert SECRET not in keys


# RFC 5869, appendix A: the test cases with SHA-256: input key, salt, info, output key.
RFC_5869 = [
    (
        b"\x0b" * 22,
        bytes(range(13)),
        bytes(range(0xF0, 0xFA)),
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
    ),
    (
        bytes(range(0x50)),
        bytes(range(0x60, 0xB0)),
        bytes(range(0xB0, 0x100)),
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
        "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
    ),
    (
        b"\x0b" * 22,
        b"",
        b"",
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
    ),
]


def hkdf(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    """RFC 5869, sections 2.2 and 2.3, in Python's hmac."""
    extracted = hmac.digest(salt or bytes(32), secret, "sha256")
    output = block = b""
    while len(output) < length:
        block = hmac.digest(extracted, block + info + bytes([len(output) // 32 + 1]), "sha256")
        output += block
    return output[:length]


@pytest.mark.parametrize(("input_key", "salt", "info", "expected"), RFC_5869, ids=["1", "2", "3"])
def test_the_published_answers_of_rfc_5869(input_key: bytes, salt: bytes, info: bytes, expected: str) -> None:
    """For the comparison below, and for the library that derives the keys."""
    length = len(expected) // 2
    assert hkdf(input_key, salt, info, length).hex() == expected
    derived = HKDF(algorithm=SHA256(), length=length, salt=salt or None, info=info).derive(input_key)
    assert derived.hex() == expected


@pytest.mark.parametrize("domain", secret.DOMAINS)
@pytest.mark.parametrize("version", [1, 2, 10])
def test_the_key_of_a_domain_never_changes_unnoticed(domain: str, version: int) -> None:
    """Another derivation would change every pseudonym that was ever issued."""
    info = f"bigtrust/pseudonymisation/{domain}/v{version}".encode()
    assert secret.domain_key(SECRET, domain, version) == hkdf(SECRET, b"", info, 32)


@pytest.mark.parametrize(
    ("domain", "version", "expected"),
    [
        ("analytics", 1, "d80c584a-7e1e-6cbb-a37a-4c384aae9411"),
        ("analytics", 2, "0fbdd4f4-ed88-7cc9-1bf7-efdc282f454c"),
        ("marketing", 1, "6011f8fb-23d5-5487-1dc2-e3e5c114a713"),
    ],
)
def test_a_pseudonym_is_the_same_in_every_release(domain: str, version: int, expected: str) -> None:
    with connection_with_key(secret.domain_key(SECRET, domain, version), domain) as connection:
        sql = macro_sql(domain, "person", "'C0001000'")
        assert connection.execute(f"select {sql}").fetchall() == [(uuid.UUID(expected),)]


def test_a_persons_pseudonyms_in_two_domains_share_nothing() -> None:
    """Of 4000 persons, computed by the SQL of the models: no value, no part of one, no constant, no order."""
    people = 4000
    numbers = [f"C{number:07}" for number in range(people)]
    columns = []
    for domain in secret.DOMAINS:
        with connection_with_key(secret.domain_key(SECRET, domain), domain) as connection:
            query = f"select {macro_sql(domain, 'person', 'x')} from (select unnest(?) as x)"
            columns.append([value.int for (value,) in connection.execute(query, [numbers]).fetchall()])
    for left, right in itertools.combinations(columns, 2):
        assert len({*left, *right}) == 2 * people
        halves = [{value >> 64 for value in column} | {value % 2**64 for value in column} for column in (left, right)]
        assert halves[0].isdisjoint(halves[1])
        xors = [one ^ other for one, other in zip(left, right, strict=True)]
        assert len(set(xors)) == people
        assert len({(one - other) % 2**128 for one, other in zip(left, right, strict=True)}) == people
        assert (
            len({one * pow(other | 1, -1, 2**128) % 2**128 for one, other in zip(left, right, strict=True)}) == people
        )
        # every bit agrees for half of the people, within five standard deviations
        for bit in range(128):
            assert abs(sum(xor >> bit & 1 for xor in xors) - people / 2) < 5 * (people / 4) ** 0.5
        ranks = [np.argsort(np.argsort(np.array(column, dtype=float))) for column in (left, right)]
        assert abs(np.corrcoef(*ranks)[0, 1]) < 5 / people**0.5


def test_the_sql_holds_no_key() -> None:
    sql = macro_sql("analytics", "person", "customer_id")
    assert re.findall(r"[0-9a-fA-F]{16,}", sql) == []
    assert "getvariable('analytics_outer_pad')" in sql


# --- where the secret comes from


@pytest.mark.parametrize(
    "text",
    [SECRET.hex(), SECRET.hex().upper(), base64.b64encode(SECRET).decode(), f"  {SECRET.hex()}\n"],
    ids=["hex", "upper case hex", "base64", "with blanks around it"],
)
def test_the_secret_is_the_same_in_every_notation_and_place(tmp_path: Path, text: str) -> None:
    environment = {secret.VARIABLE: text}
    assert secret.load(folders(tmp_path / "a"), environment) == SECRET
    write_secret(tmp_path / "b", text)
    assert secret.load(folders(tmp_path / "b"), {}) == SECRET


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    write_secret(tmp_path, "00" * 32)
    assert secret.load(folders(tmp_path), {secret.VARIABLE: SECRET.hex()}) == SECRET


@pytest.mark.parametrize("text", ["ab" * 31, base64.b64encode(b"x" * 31).decode()])
def test_a_short_secret_is_refused_and_never_quoted(tmp_path: Path, text: str) -> None:
    message = refusal(folders(tmp_path), {secret.VARIABLE: text})
    assert "fewer than 32 bytes" in message
    write_secret(tmp_path, text)
    in_file = refusal(folders(tmp_path), {})
    assert "fewer than 32 bytes" in in_file
    assert text not in message + in_file


@pytest.mark.parametrize("text", ["correct horse battery staple", "é" * 40, "ab" * 40 + "c!", "a" * 65, "\N{KEY}" * 40])
def test_what_is_neither_hex_nor_base64_is_refused_and_never_quoted(tmp_path: Path, text: str) -> None:
    message = refusal(folders(tmp_path), {secret.VARIABLE: text})
    assert "neither hexadecimal nor base64" in message
    assert "openssl rand -hex 32" in message
    assert text not in message


@pytest.mark.parametrize("content", [b"\xff\xfe" * 40, "é" * 40])
def test_a_file_that_is_no_text_is_refused(tmp_path: Path, content: str | bytes) -> None:
    path = write_secret(tmp_path, content)
    assert f"the file {path} cannot be read" in refusal(folders(tmp_path), {})


def test_an_empty_file_is_refused_and_not_replaced(tmp_path: Path) -> None:
    path = write_secret(tmp_path, "")
    refusal(folders(tmp_path), {})
    assert path.read_bytes() == b""


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o622])
def test_a_file_that_others_can_open_is_refused(tmp_path: Path, mode: int) -> None:
    path = write_secret(tmp_path, SECRET.hex(), mode)
    message = refusal(folders(tmp_path), {})
    assert f"(mode {mode:o})" in message
    assert "chmod 600" in message
    path.chmod(0o600)
    assert secret.load(folders(tmp_path), {}) == SECRET


def test_the_first_run_makes_a_secret_for_its_owner_only(tmp_path: Path) -> None:
    first = secret.load(folders(tmp_path), {})
    path = folders(tmp_path).secret_file
    assert len(first) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    assert secret.load(folders(tmp_path), {}) == first
    assert secret.load(folders(tmp_path / "elsewhere"), {}) != first


@pytest.mark.parametrize("existing", ["warehouse/vault.duckdb", "register/R1.json", "register/secret.fingerprint"])
def test_a_lost_secret_is_never_replaced_once_there_is_a_vault_or_a_register(tmp_path: Path, existing: str) -> None:
    path = tmp_path / existing
    path.parent.mkdir(parents=True)
    path.write_text("")
    message = refusal(folders(tmp_path), {})
    assert "Restore the secret from your backup" in message
    assert not folders(tmp_path).secret_file.exists()


def test_an_empty_register_folder_is_no_register(tmp_path: Path) -> None:
    folders(tmp_path).register.mkdir()
    assert len(secret.load(folders(tmp_path), {})) == 32


def test_a_secret_in_the_environment_writes_no_secret_file(tmp_path: Path) -> None:
    secret.load(folders(tmp_path), {secret.VARIABLE: SECRET.hex()})
    assert not folders(tmp_path).secret_file.exists()


def test_a_changed_secret_is_refused(tmp_path: Path) -> None:
    secret.load(folders(tmp_path), {secret.VARIABLE: SECRET.hex()})
    other = SECRET[::-1].hex()
    message = refusal(folders(tmp_path), {secret.VARIABLE: other})
    assert "not the one that made the pseudonyms of this warehouse" in message
    assert other not in message
    assert secret.load(folders(tmp_path), {secret.VARIABLE: SECRET.hex()}) == SECRET


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", "é".encode(), b"00"])
def test_a_damaged_fingerprint_is_a_refusal_and_no_traceback(tmp_path: Path, content: bytes) -> None:
    secret.load(folders(tmp_path), {secret.VARIABLE: SECRET.hex()})
    (folders(tmp_path).register / "secret.fingerprint").write_bytes(content)
    assert "secret.fingerprint differs" in refusal(folders(tmp_path), {secret.VARIABLE: SECRET.hex()})


def test_the_fingerprint_tells_nothing_of_the_secret_or_a_key(tmp_path: Path) -> None:
    secret.load(folders(tmp_path), {secret.VARIABLE: SECRET.hex()})
    path = folders(tmp_path).register / "secret.fingerprint"
    fingerprint = path.read_text(encoding="utf-8").strip()
    assert fingerprint not in (SECRET.hex(), secret.domain_key(SECRET, "analytics").hex())
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("existing", ["warehouse/vault.duckdb", "published/analytics.duckdb"])
def test_a_lost_register_is_noticed_by_its_missing_fingerprint(tmp_path: Path, existing: str) -> None:
    environment = {secret.VARIABLE: SECRET.hex()}
    secret.load(folders(tmp_path), environment)
    (tmp_path / existing).parent.mkdir()
    (tmp_path / existing).touch()
    secret.load(folders(tmp_path), environment)
    shutil.rmtree(folders(tmp_path).register)
    with pytest.raises(ConfigurationError, match=r"The register .* is lost: .* Restore the register from your backup"):
        secret.load(folders(tmp_path), environment)
    assert not folders(tmp_path).register.exists()


def test_a_secret_file_that_cannot_be_made_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "secrets").write_text("no folder")
    assert "key cannot be made (" in (said := refusal(folders(tmp_path), {}))
    assert "Make it yourself (`openssl rand -hex 32`" in said
