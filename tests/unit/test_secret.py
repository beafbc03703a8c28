"""Pseudonyms are keyed, each domain for itself, and the secret is found, made or refused with a reason."""

from __future__ import annotations

import base64
import hmac
import re
import shutil
import uuid
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import duckdb
import jinja2
import pytest
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


def test_rfc_4231_test_case_2_holds_in_sql() -> None:
    """The published answer for the key "Jefe"; the message is split into the macro's kind and identifier."""
    connection = connection_with_key(b"Jefe")
    sql = macro_sql("analytics", "person", "x").replace("'person:' || x", "'what do ya want for nothing?'")
    assert "what do ya want" in sql
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert connection.execute(f"select {sql}").fetchall()[0][0] == uuid.UUID(expected[:32])


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


def test_the_key_of_a_domain_never_changes_unnoticed() -> None:
    """Another derivation would change every pseudonym that was ever issued. Computed with RFC 5869's two steps."""
    extracted = hmac.digest(bytes(32), SECRET, "sha256")
    expected = hmac.digest(extracted, b"bigtrust/pseudonymisation/analytics/v1\x01", "sha256")
    assert secret.domain_key(SECRET, "analytics") == expected


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
