"""Files that a run leaves: a raw value or the secret in any of them fails, and so does a search that does not see."""

import base64
import html
import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, quote_plus

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bigtrust import artefacts, secret
from bigtrust.artefacts import files, probe, scan, texts, values
from bigtrust.artefacts.secret_forms import derived
from bigtrust.gx import engine
from bigtrust.gx.raw_values import RawColumn
from bigtrust.ledger import signing
from bigtrust.settings import PUBLICATIONS, Settings
from bigtrust.verdicts import CheckResult

CUSTOMERS = "vault.staging.base_customers"
NAMES = ("customer_id", "last_name", "email", "phone", "street")
COLUMNS = [
    *(RawColumn(CUSTOMERS, name, "direct_identifier") for name in NAMES),
    RawColumn(CUSTOMERS, "full_name", "direct_identifier", "first_name || ' ' || last_name"),
    RawColumn("vault.staging.base_support_tickets", "message", "free_text"),
]
PRODUCTS = [RawColumn("vault.staging.base_products", "name")]
EMAIL, NAME, STREET, PHONE = "zoé.o'castel@courriel.example", "Charpentier", "12 rue de l'Église", "06 39 98 12 34"
MESSAGE = "Le colis n'est\njamais arrivé à Plougastel"
ROWS = f"""
    create schema staging;
    create table staging.base_customers (
        customer_id text, first_name text, last_name text, email text, phone text, street text
    );
    insert into staging.base_customers values
        ('C0001234', 'Zoé', '{NAME}', '{EMAIL.replace("'", "''")}', '{PHONE}', '{STREET.replace("'", "''")}'),
        ('20261124', 'Max', 'Constant', null, '0639981235', '1 Aspirateur'),
        ('4970100012345678', 'Yé', 'L''Hermitte', null, '2026-11-24', '198.18.120.34');
    create table staging.base_support_tickets as
        select '{MESSAGE.replace("'", "''")}' as message union select 'not delivered';
    create table staging.base_products as select 'Aspirateur 1 Aspirateur 2000' as name;
"""


@dataclass
class Left:
    """The folders of a run that left clean files."""

    settings: Settings

    def check(self, *publications: str) -> list[CheckResult]:
        return artefacts.check(self.settings, COLUMNS, PRODUCTS, publications or None)

    def failed(self) -> dict[tuple[str, str], str]:
        """Code and object of what failed, with the reason; no reason may quote what is in the vault."""
        failed = {
            (result.code, result.relation): result.reason for result in self.check() if result.verdict == "failed"
        }
        for value in (EMAIL, NAME, STREET, PHONE, MESSAGE, "C0001234"):
            assert not any(value in reason for reason in failed.values())
        return failed

    def leaking(self) -> set[str]:
        """The names of the files in which raw values are found."""
        with engine.opened({}, self.settings.vault) as (_, connection):
            search = scan.Scan(connection, COLUMNS, {b"no secret": ""})
            for file in files.every_file(self.settings, files.kinds(self.settings)):
                search.read(file)
            search.search()
        return {place.file.name for place, _ in search.raw if place.file}

    def candidate(self, publication: str, sql: str) -> None:
        with duckdb.connect(str(self.settings.candidates / f"{publication}.duckdb")) as connection:
            connection.execute(sql)

    def log(self, text: str) -> dict[tuple[str, str], str]:
        """What fails with a text in dbt's log."""
        (self.settings.dbt_logs / "dbt.log").write_text(f"10:00 compiled\n{text}\n10:01 done\n", encoding="utf-8")
        return self.failed()


@pytest.fixture
def left(tmp_path: Path) -> Left:
    environment = {
        f"BIGTRUST_{name.upper()}": str(tmp_path / name)
        for name in ("landing", "warehouse", "published", "register", "site", "ledger")
    }
    environment |= {"BIGTRUST_PROJECT": str(tmp_path / "project"), "BIGTRUST_SECRET_FILE": str(tmp_path / "secret.key")}
    settings = Settings.load(environment)
    settings.register.mkdir()
    secret.load(settings, {})
    settings.candidates.mkdir(parents=True)
    for path in (
        settings.dbt_target / "manifest.json",
        settings.dbt_target / "compiled" / "model.sql",
        settings.dbt_logs / "dbt.log",
        settings.data_docs / "index.html",
        settings.runs / "000001.json",
        settings.till / "index.html",
        settings.warehouse / "run.lock",
        settings.project / "models" / "model.sql",
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("-- A constant, not delivered: it's 20261124 rows.\n", encoding="utf-8")
    with duckdb.connect(str(settings.vault)) as connection:
        connection.execute(ROWS)
    (settings.register / "request.json").write_text(EMAIL, encoding="utf-8")
    (settings.published / "analytics.duckdb").write_text(EMAIL, encoding="utf-8")  # will be replaced
    found = Left(settings)
    for publication in PUBLICATIONS:
        found.candidate(publication, "create schema marts; create table marts.about as select 'region' as fact")
    return found


def test_clean_files_pass_and_say_how_many_they_are(left: Left) -> None:
    results = left.check()
    judged = {(result.code, result.relation): (result.verdict, result.examined) for result in results}
    for code in ("ART-01", "ART-02"):
        assert judged[code, "dbt target"] == ("passed", 2)
        assert judged[code, "dbt logs"] == judged[code, "Data Docs"] == judged[code, "run records"] == ("passed", 1)
        assert judged[code, "candidate analytics"] == ("passed", 1)
        assert judged[code, "site"] == judged[code, "ledger"] == ("not applicable", 0)
    assert all(result.violations == 0 for result in results)
    assert {result.publication for result in results} == {"", *PUBLICATIONS}


def test_what_is_not_there_is_not_applicable_or_has_failed(left: Left) -> None:
    for folder in (left.settings.runs, left.settings.till, left.settings.dbt_logs):
        shutil.rmtree(folder)
    (left.settings.published / "analytics.duckdb").unlink()
    results = {(result.code, result.relation): (result.verdict, result.reason) for result in left.check()}
    assert results["ART-01", "run records"] == ("not applicable", "no earlier run is recorded")
    assert results["ART-02", "till and other published files"] == ("not applicable", "nothing has been published yet")
    assert results["ART-01", "dbt logs"] == results["ART-02", "dbt logs"] == ("failed", "examined nothing")


KINDS: dict[str, Callable[[Settings], Path]] = {
    "dbt target": lambda settings: settings.dbt_target / "run" / "model.sql",
    "dbt logs": lambda settings: settings.dbt_logs / "dbt.log.1",  # of an earlier run
    "Data Docs": lambda settings: settings.data_docs / "analytics" / "marts" / "customers.html",
    "run records": lambda settings: settings.runs / "000002.json",
    "candidate analytics": lambda settings: settings.candidates / "analytics.duckdb.wal",
    "other files of the warehouse": lambda settings: settings.warehouse / "temporary" / "duckdb_temp_storage-0.tmp",
    "till and other published files": lambda settings: settings.till / "forget_offers.json",
    "site": lambda settings: settings.site / "index.html",
    "ledger": lambda settings: settings.ledger / "000001.json",
}


def test_a_value_and_the_secret_are_found_in_every_kind_of_file(left: Left) -> None:
    names = {}
    for kind, place in KINDS.items():
        path = place(left.settings)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"error near {EMAIL}\nKEY={secret.load(left.settings, {}).hex()}", encoding="utf-8")
        names[kind] = path.name
    failed = left.failed()
    assert set(failed) == {(code, kind) for code in ("ART-01", "ART-02") for kind in KINDS}
    for (code, kind), reason in failed.items():
        held = "a value of customers.email (direct_identifier)" if code == "ART-01" else "the secret"
        assert reason.endswith(f"{names[kind]} holds {held}")


ESCAPED = json.dumps(EMAIL)
WRITTEN = {
    "as landed": EMAIL,
    "in lower case": STREET.lower(),
    "in capitals": EMAIL.upper(),
    "a word in capitals": NAME.upper(),
    "within a longer word": f"x{EMAIL}y",
    "in JSON": ESCAPED,
    "in JSON within JSON": json.dumps(ESCAPED),
    "in HTML": html.escape(EMAIL),
    "in HTML within JSON": json.dumps(html.escape(STREET)),
    "in a web address": quote(EMAIL),
    "in a form": quote_plus(STREET),
    "in the bytes of Python": str(EMAIL.encode()),
    "a word": f"Could not convert string '{NAME}' to INT32",
    "a code": "key c0001234, twice",
    "a telephone number": f"to {PHONE}.",
    "digits with a zero in front": "to:0639981235",
    "many digits": "card 4970100012345678",
    "an address of the net": "from 198.18.120.34",
    "a whole name": "Zoé Charpentier",
    "free text over two lines": f"he wrote: {MESSAGE}",
    "free text over two lines in JSON": json.dumps({"message": MESSAGE}),
}


def test_a_value_is_found_in_whatever_form_it_is_written(left: Left) -> None:
    for form, text in WRITTEN.items():
        (left.settings.dbt_logs / form).write_text(f"10:00 compiled\n{text}\n10:01 done\n", encoding="utf-8")
    (left.settings.dbt_logs / "in another encoding").write_bytes(EMAIL.encode("cp1252"))
    assert {*WRITTEN, "in another encoding"} - left.leaking() == set()


NO_EVIDENCE = """
    Charpentiers and Charpentiere are other words, and names are not written like charpentier_id.
    A Constant is Constant: a word of the project. NOT DELIVERED is a text of the project, 1 Aspirateur a product.
    rows: 20261124, on 2026-11-24: too short a number, a date.
    0.14970100012345678 and 4970100012345678.5 and 149701000123456789 are other numbers.
    deadbeefC0001234 is a part of something else.
"""


def test_what_is_no_evidence_does_not_alarm(left: Left) -> None:
    assert left.log(NO_EVIDENCE) == {}


IN_DATABASES = {
    "a comment": f"comment on table marts.about is 'as told by {NAME}'",
    "a name": f"""create table marts."{NAME}" (x integer)""",
    "a label": f"create type marts.mood as enum ('good', '{NAME}')",
    "a definition": f"create view marts.x as select * from marts.about where fact <> '{NAME}'",
    "a dictionary": f"create table marts.x as select ['Dupont', '{NAME}'][1 + range % 2] as x from range(5000)",
    "a dropped table": f"create table marts.x as select '{NAME}' || range % 3 as x from range(5000); "
    "checkpoint; drop table marts.x; checkpoint",
}


@pytest.mark.parametrize("where", IN_DATABASES)
def test_a_value_is_found_in_a_database_outside_of_rows(left: Left, where: str) -> None:
    left.candidate("insights", IN_DATABASES[where])
    failed = left.failed()
    assert failed == {
        ("ART-01", "candidate insights"): "insights.duckdb holds a value of customers.last_name (direct_identifier)"
    }


def test_short_numbers_side_by_side_in_a_database_do_not_alarm(left: Left) -> None:
    left.candidate(
        "insights", "create table marts.x as select ['14970', '10001234', '56781'][1 + range % 3] as x from range(5000)"
    )
    assert left.failed() == {}


def test_a_value_in_a_file_name_is_found_and_not_repeated(left: Left) -> None:
    folder = left.settings.data_docs / NAME
    folder.mkdir()
    (folder / "index.html").write_text(EMAIL, encoding="utf-8")
    assert left.failed() == {
        ("ART-01", "Data Docs"): "a file name holds a value of customers.last_name (direct_identifier); "
        "a file whose name is withheld holds a value of customers.email (direct_identifier)"
    }


def test_a_file_name_that_could_be_a_number_of_somebody_is_withheld(left: Left) -> None:
    (left.settings.data_docs / "20261124.html").write_text(EMAIL, encoding="utf-8")
    assert "20261124" not in left.failed()["ART-01", "Data Docs"]


def test_a_value_across_two_reads_is_found(left: Left, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "READ", 1 << 16)
    monkeypatch.setattr(files, "OVERLAP", 1 << 10)
    (left.settings.warehouse / "spill").write_bytes(b"x" * ((1 << 16) - 10) + EMAIL.encode() + b"x" * 100)
    assert set(left.failed()) == {("ART-01", "other files of the warehouse")}


def test_more_text_than_is_searched_at_once_is_searched(left: Left, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "_TOGETHER", 1000)
    assert set(left.log("A line.\n" * 1000 + EMAIL)) == {("ART-01", "dbt logs")}


def test_what_cannot_be_read_fails(left: Left) -> None:
    os.mkfifo(left.settings.dbt_target / "pipe")
    failed = left.failed()
    assert set(failed) == {("ART-01", "dbt target"), ("ART-02", "dbt target")}
    assert failed["ART-01", "dbt target"] == "pipe cannot be read (OSError)"


def test_a_link_leads_to_what_it_leads_to(left: Left, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "rows.csv").write_text(EMAIL, encoding="utf-8")
    (left.settings.data_docs / "more").symlink_to(elsewhere)
    (elsewhere / "back").symlink_to(left.settings.data_docs)
    assert left.failed() == {
        ("ART-01", "Data Docs"): "more/rows.csv holds a value of customers.email (direct_identifier)"
    }


def test_only_the_candidates_asked_for_are_searched(left: Left) -> None:
    left.candidate("insights", IN_DATABASES["a comment"])
    left.log(EMAIL)
    assert {result.verdict for result in left.check("governance")} == {"passed"}
    assert "failed" in {result.verdict for result in left.check("insights")}


def forms_of(content: bytes) -> dict[str, bytes]:
    found = {
        "raw": content,
        "hexadecimal": content.hex().encode(),
        # whatever letters there are: the first one is another one than it was in either
        "mixed case": re.sub("[A-F]", lambda letter: letter[0].lower(), content.hex().upper(), count=1).encode(),
    }
    for before in range(3):
        for name, encode in (("standard", base64.b64encode), ("for addresses", base64.urlsafe_b64encode)):
            found[f"base64 {name}, {before} bytes before"] = encode(b"x" * before + content + b"y")
            found[f"base64 {name}, {before} bytes before, unpadded"] = encode(b"x" * before + content).rstrip(b"=")
    return found


def test_the_secret_and_what_derives_from_it_are_found_in_whatever_form(left: Left) -> None:
    secrets = derived(secret.load(left.settings, {}), {"analytics": 1, "marketing": 1, "service": 1})
    for number, content in enumerate(secrets.values()):
        for form, written in forms_of(content).items():
            (left.settings.dbt_target / f"{form} {number}").write_bytes(b"DBT_ENV_SECRET_BIGTRUST=" + written + b"\n")
            (left.settings.candidates / f"analytics.duckdb {form} {number}").write_bytes(b"\0\1" + written + b"\0")
    results = {result.relation: result for result in left.check() if result.code == "ART-02"}
    forms = len(forms_of(b""))
    assert results["dbt target"].violations == len(secrets) * forms
    assert results["candidate analytics"].violations == len(secrets) * (forms - 1)  # mixed case is seen in text only


def test_the_private_key_of_the_ledger_is_found_wherever_it_comes_from(
    left: Left, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_file, in_variable = "a1" * 32, "b2" * 32
    left.settings.ledger_key.write_text(in_file + "\n", encoding="ascii")
    (left.settings.dbt_target / "written").write_text(f"file {in_file}", encoding="ascii")
    (left.settings.dbt_target / "also").write_bytes(b"variable " + bytes.fromhex(in_variable))
    assert left.failed() == {("ART-02", "dbt target"): "written holds the ledger's private key"}
    monkeypatch.setenv(signing.VARIABLE, in_variable)
    assert left.failed() == {("ART-02", "dbt target"): "also holds the ledger's private key"}


def test_the_pads_of_every_version_are_found(left: Left) -> None:
    value = secret.load(left.settings, {})
    folder = left.settings.register / "key_rotations"
    folder.mkdir()
    rotation = {"domain": "analytics", "version": 2, "rotated_at": "2026-11-24T10:00:00+00:00"}
    (folder / "analytics.2.json").write_text(json.dumps(rotation), encoding="utf-8")
    for version in (1, 2):
        pads = secret.pads(secret.domain_key(value, "analytics", version))
        (left.settings.dbt_target / f"pads-{version}").write_bytes(pads[0] + pads[1].hex().encode())
    assert left.failed() == {
        (
            "ART-02",
            "dbt target",
        ): "pads-1 holds a pad of analytics, version 1, inner, a pad of analytics, version 1, outer; "
        "pads-2 holds a pad of analytics, version 2, inner, a pad of analytics, version 2, outer"
    }


CONTROL = [chr(code) for code in (*range(0x09), *range(0x0E, 0x20), 0x7F)]
BLINDED: dict[str, tuple[object, str, object]] = {
    "no value is searched for": (values, "held", lambda *_: set()),
    "databases are not read": (texts, "runs", lambda content: b""),
    "case is not folded": (values, "lowered", lambda text: text),
    "JSON is not undone": (texts, "_unescaped", lambda found: found[0]),
    "HTML is not undone": (texts.html, "unescape", lambda text: text),
    "addresses are not undone": (texts, "unquote_plus", lambda text: text),
    "the vault gives nothing": (values, "_possible", lambda *_: iter(())),
}


@pytest.mark.parametrize("how", BLINDED)
def test_a_blind_search_fails(left: Left, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    monkeypatch.setattr(*BLINDED[how])
    failed = left.failed()
    assert "the search does not see" in failed["ART-03", "search for raw values"]


def test_a_search_that_is_blind_to_the_secret_fails(left: Left, monkeypatch: pytest.MonkeyPatch) -> None:
    known = artefacts.secret_forms
    monkeypatch.setattr(artefacts, "secret_forms", lambda secrets: dict([*known(secrets).items()][:-1]))
    failed = left.failed()
    assert set(failed) == {("ART-03", "search for the secret")}
    assert (
        "the search does not see a pad of service, version 1, outer in base64"
        in failed["ART-03", "search for the secret"]
    )


def test_the_probe_says_where_it_has_nothing_to_hide(left: Left) -> None:
    with duckdb.connect(str(left.settings.vault)) as connection:
        connection.execute("update staging.base_customers set phone = '12'")
    result = next(result for result in left.check() if result.relation == "search for raw values")
    assert result.verdict == "passed"
    assert result.reason == "nothing long enough to search for was landed in customers.phone"


def test_without_anything_long_enough_there_is_nothing_to_search_for(left: Left) -> None:
    with duckdb.connect(str(left.settings.vault)) as connection:
        connection.execute("delete from staging.base_customers; delete from staging.base_support_tickets")
    results = left.check()
    verdicts = {(result.code, result.relation): result.verdict for result in results}
    assert verdicts["ART-01", "dbt target"] == verdicts["ART-03", "search for raw values"] == "not applicable"
    assert verdicts["ART-02", "dbt target"] == verdicts["ART-03", "search for the secret"] == "passed"


def test_a_crash_counts_as_failed_and_quotes_nothing(left: Left) -> None:
    with duckdb.connect(str(left.settings.vault)) as connection:
        connection.execute("drop table staging.base_support_tickets")
    assert left.failed() == {
        (code, "files of the run"): "could not be evaluated (QueryFailed; message withheld, it may quote data)"
        for code in ("ART-01", "ART-02", "ART-03")
    }


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters=CONTROL), min_size=8))
def test_every_promised_form_of_any_value_is_undone(text: str) -> None:
    value = values.Value(text, "text", COLUMNS[0])
    for form, content in probe._value_forms(value):
        if sum(letter.isalnum() for letter in text) >= 8:
            undone = [texts.lowered(found) for found in texts.texts(content)]
            assert any(texts.lowered(text) in found for found in undone), form


def test_case_is_folded_as_the_vault_folds_it() -> None:
    with duckdb.connect() as connection:
        rows = connection.execute("""
            select letter, lower(letter) from (
                select chr(i::integer) as letter from range(1, 1114112) as n (i) where i not between 55296 and 57343
            )
        """).fetchall()
    assert [letter for letter, folded in rows if texts.lowered(letter) != folded] == []
