"""The ledger of a real run says what the run did, and what is published is what it says."""

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

import verify_evidence
from bigtrust import claims, evidence, ledger, records
from raw_data import Search, identifiers_and_free_text
from warehouse import PUBLICATIONS, Warehouse

pytestmark = pytest.mark.slow


def of_kind(warehouse: Warehouse, kind: str) -> list[dict[str, object]]:
    return [entry for entry in ledger.entries(warehouse.settings) if entry["kind"] == kind]


def said(warehouse: Warehouse, *arguments: str) -> str:
    """What `ledger verify` says, which must speak against the ledger."""
    result = warehouse.bigtrust("ledger", "verify", *arguments)
    assert result.exit_code == 1, result.output
    return result.output


def test_a_run_leaves_its_start_what_it_published_and_its_end(published: Warehouse) -> None:
    kinds = [entry["kind"] for entry in ledger.entries(published.settings)]
    assert kinds[:3] == ["run_started", "policy", "claims"]
    assert kinds.count("publication") == len(PUBLICATIONS)
    assert kinds[-1] == "run_ended"
    assert published.bigtrust("ledger", "verify").exit_code == 0
    files = {name: published.root / "published" / f"{name}.duckdb" for name in PUBLICATIONS}
    digests = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}
    assert {entry["publication"]: entry["digest"] for entry in of_kind(published, "publication")} == digests
    (ended,) = of_kind(published, "run_ended")
    assert (ended["run"], ended["verdict"], ended["in_place"]) == (1, "published", digests)


def test_what_it_says_of_the_checks_is_what_governance_says(published: Warehouse) -> None:
    (ended,) = of_kind(published, "run_ended")
    rows = published.query(
        "governance",
        """
        select
            code,
            count(*) filter (where verdict = 'passed'),
            count(*) filter (where verdict = 'failed' and exception is null),
            count(*) filter (where exception is not null),
            count(*) filter (where verdict = 'not applicable'),
            sum(examined)::bigint,
            sum(violations)::bigint
        from marts.check_results
        where run = 1
        group by code
        """,
    )
    names = ("passed", "failed", "excepted", "not_applicable", "examined", "violations")
    assert ended["checks"] == {code: dict(zip(names, counts, strict=True)) for code, *counts in rows}
    assert len(rows) > 50


def test_policy_and_sentences_are_in_it_as_they_were(published: Warehouse) -> None:
    (policy,), (said_then,) = of_kind(published, "policy"), of_kind(published, "claims")
    folder = published.project / "seeds" / "policy"
    tables = {path.stem: path.read_text(encoding="utf-8") for path in folder.glob("*.csv")}
    del tables["check_exceptions"]
    assert policy["tables"] == tables
    assert [claim["code"] for claim in said_then["claims"]] == [claim.code for claim in claims.load()]  # type: ignore[attr-defined]


def test_each_request_that_took_effect_is_in_it_and_nobody_s_data_is(published: Warehouse) -> None:
    ((count,),) = published.query(
        "governance", "select sum(requests)::bigint from marts.erasure_status where state = 'effective'"
    )
    commitments = [entry["commitment"] for entry in of_kind(published, "request_effective")]
    assert len(commitments) == len(set(commitments)) == count > 0
    search = Search(identifiers_and_free_text(published.landing))
    assert len(search.patterns) > 1000
    assert list(search.files_that_leak(published.settings.ledger)) == []


def test_whoever_exchanges_a_publication_is_found_out(warehouse: Warehouse) -> None:
    folder = warehouse.settings.published
    shutil.copyfile(folder / "insights.duckdb", folder / "finance.duckdb")
    assert "publication finance is not the file that was published last" in said(warehouse)
    (folder / "finance.duckdb").unlink()
    assert "publication finance is gone" in said(warehouse)


def test_whoever_rewrites_the_record_of_a_run_is_found_out(warehouse: Warehouse) -> None:
    record = records.latest(warehouse.settings.runs)
    assert record is not None
    record.checks[0]["examined"] += 1
    records.write(warehouse.settings.runs, record)
    assert "the checks of run 1 are recorded otherwise in the warehouse" in said(warehouse)
    record.verdict = "refused"
    records.write(warehouse.settings.runs, record)
    assert "run 1 is recorded as refused in the warehouse, and as published here" in said(warehouse)


def test_whoever_takes_the_ledger_back_to_before_a_run_is_found_out(warehouse: Warehouse) -> None:
    for page in sorted(warehouse.settings.ledger.glob("*.json"))[1:]:
        page.unlink()
    output = said(warehouse)
    assert "publication analytics is not the file that was published last" in output
    assert "entries were removed" in output


def test_whoever_removes_the_end_of_a_run_to_have_another_one_signed_is_found_out(warehouse: Warehouse) -> None:
    max(warehouse.settings.ledger.glob("*.json")).unlink()
    record = records.latest(warehouse.settings.runs)
    assert record is not None
    record.checks[0]["examined"] = 999_999
    records.write(warehouse.settings.runs, record)
    assert "entries were removed" in said(warehouse)
    result = warehouse.bigtrust("run")
    assert result.exit_code == 2
    assert "entries were removed. Restore it from your backup" in " ".join(result.stderr.split())
    # somebody without the warehouse's memory of it: the checks are those that were signed before anything was published
    warehouse.settings.seen_head.unlink()
    signed = next(iter(of_kind(warehouse, "checked")))["checks"]
    evidence.start(warehouse.settings, replace(record, run=2))
    (ended,) = of_kind(warehouse, "run_ended")
    assert (ended["is_written_later"], ended["checks"]) == (True, signed)
    assert "999999" not in json.dumps(ended)


def test_whoever_puts_an_older_publication_back_is_found_out_for_good(warehouse: Warehouse) -> None:
    finance = warehouse.settings.published / "finance.duckdb"
    older = finance.read_bytes()
    warehouse.run_unchecked()
    finance.write_bytes(older)
    assert "publication finance is not the file that was published last" in said(warehouse)
    for path in warehouse.landing.rglob("*"):  # so that the next run stops
        if path.is_file():
            path.write_bytes(b"")
    assert warehouse.bigtrust("run").exit_code == 3
    assert "at the end of run 3, publication finance was not the file published last" in said(warehouse)


def test_a_log_beside_a_publication_is_found(warehouse: Warehouse) -> None:
    (warehouse.settings.published / "finance.duckdb.wal").write_bytes(b"")
    assert "beside publication finance lies finance.duckdb.wal" in said(warehouse)


def test_who_verifies_needs_no_private_key(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.settings.ledger_key.unlink()
    (warehouse.root / "secrets" / "pseudonymisation.key").unlink()
    verified = warehouse.bigtrust("ledger", "verify")
    assert verified.exit_code == 0, verified.output
    assert "Compared with 1 records of runs" in verified.output
    justified = warehouse.bigtrust("justify", "--claim", "FORGET-1", "--output", str(tmp_path / "out"))
    assert justified.exit_code == 0, justified.output


def test_what_the_ledger_is_blamed_for_is_blamed_on_the_sentence(warehouse: Warehouse, tmp_path: Path) -> None:
    (warehouse.settings.published / "finance.duckdb").unlink()
    result = warehouse.bigtrust("justify", "--claim", "FORGET-1", "--output", str(tmp_path / "out"))
    assert result.exit_code == 1
    assert "Against the ledger: publication finance is gone" in result.output


def test_a_run_that_cannot_be_written_down_leaves_no_number_behind(warehouse: Warehouse) -> None:
    key = warehouse.settings.ledger_key.read_bytes()
    warehouse.settings.ledger_key.unlink()
    assert warehouse.bigtrust("run").exit_code == 2
    warehouse.settings.ledger_key.write_bytes(key)
    warehouse.settings.ledger_key.chmod(0o600)
    (warehouse.settings.register / "states.json").write_text("damaged")
    before = of_kind(warehouse, "request_effective")
    warehouse.run_unchecked()
    assert warehouse.bigtrust("ledger", "verify").exit_code == 0
    assert [entry["run"] for entry in of_kind(warehouse, "run_started")] == [1, 2]
    assert of_kind(warehouse, "request_effective") == before, "what took effect, took effect once"


def test_a_review_and_a_rotation_are_in_it_at_once(warehouse: Warehouse) -> None:
    review = ("review", "--run", "1", "--by", "Privacy office", "--note", "Looked at everything.")
    assert warehouse.bigtrust(*review, "--verdict", "accepted").exit_code == 0
    assert warehouse.bigtrust("keys", "rotate", "--domain", "service", "--yes").exit_code == 0
    (reviewed,), (rotated,) = of_kind(warehouse, "review"), of_kind(warehouse, "rotation")
    assert (reviewed["run"], reviewed["verdict"]) == (1, "accepted")
    assert "note" not in reviewed
    assert (rotated["domain"], rotated["version"]) == ("service", 2)
    assert warehouse.bigtrust("ledger", "verify").exit_code == 0


def test_a_damaged_ledger_stops_the_next_run_before_it_builds(warehouse: Warehouse) -> None:
    page = sorted(warehouse.settings.ledger.glob("*.json"))[-1]
    page.write_bytes(page.read_bytes().replace(b'"verdict":"published"', b'"verdict":"refused"', 1))
    before = warehouse.digests()
    result = warehouse.bigtrust("run")
    assert result.exit_code == 2
    assert f"{page.name} holds other entries than its tree head says" in " ".join(result.stderr.split())
    assert "Traceback" not in result.output
    assert warehouse.digests() == before


def test_a_sentence_of_the_policy_is_justified_and_a_third_party_agrees(
    warehouse: Warehouse, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    codes = [claim.code for claim in claims.load()]
    answers = {}
    for code in codes:
        result = warehouse.bigtrust("justify", "--claim", code, "--output", str(tmp_path / code))
        content = json.loads((tmp_path / code / "justification.json").read_text(encoding="utf-8"))
        assert (result.exit_code == 0) == (content["verdict"] == "proven"), result.output
        verify_evidence.main(str(tmp_path / code / "justification.json"), ledger.public_key(warehouse.settings))
        answers[code] = content["verdict"]
    assert "Holds." in capsys.readouterr().out
    proven = [code for code, verdict in answers.items() if verdict == "proven"]
    assert len(proven) > len(codes) / 2, answers
    assert "broken" not in answers.values()


def test_the_commands_say_what_is_missing(tmp_path: Path) -> None:
    nowhere = Warehouse(tmp_path)
    for command in (("ledger", "verify"), ("ledger", "head"), ("justify", "--claim", "FORGET-1")):
        result = nowhere.bigtrust(*command)
        assert result.exit_code == 2, result.output
        assert "Run `bigtrust run` first." in " ".join(result.stderr.split())
        assert list(tmp_path.iterdir()) == []
