"""A run leaves a record that is read back as it was written; a damaged one is named."""

import json
from pathlib import Path

import pytest

from bigtrust import records
from bigtrust.errors import ConfigurationError
from bigtrust.records import Record

CHECKS = [
    {"code": "A1", "verdict": "passed"},
    {"code": "A2", "verdict": "failed"},
    {"code": "A3", "verdict": "not applicable"},
    {"code": "A4", "verdict": "passed"},
]


def record(run: int, verdict: str = records.PUBLISHED) -> Record:
    return Record(
        run=run,
        started_at=records.now(),
        as_of="2026-01-31",
        verdict=verdict,
        exit_code=0,
        message="Été: naïve “quotes”\nand a second line",
        built="everything: there is no earlier build",
        finished_at=records.now(),
        seconds=12.5,
        phases={"landing": 0.1, "build": 7.0},
        checks=CHECKS,
    )


def test_a_record_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    written = record(1)
    records.write(tmp_path / "runs", written)
    assert records.latest(tmp_path / "runs") == written


def test_a_run_that_nobody_closed_counts_as_stopped(tmp_path: Path) -> None:
    records.write(tmp_path, Record(run=1, started_at=records.now(), as_of=None))
    read = records.latest(tmp_path)
    assert read is not None
    assert (read.verdict, read.exit_code) == (records.STOPPED, 2)


def test_a_record_of_an_older_version_that_lacks_a_field_is_read(tmp_path: Path) -> None:
    records.write(tmp_path, record(1))
    path = tmp_path / "000001.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    del content["record"]["built"], content["record"]["phases"]
    path.write_text(json.dumps(content), encoding="utf-8")
    records.require_readable(tmp_path)
    read = records.latest(tmp_path)
    assert read is not None
    assert (read.verdict, read.built, read.phases) == (records.PUBLISHED, None, {})


def test_verdicts_of_checks_are_counted(tmp_path: Path) -> None:
    records.write(tmp_path, record(1))
    content = json.loads((tmp_path / "000001.json").read_text(encoding="utf-8"))
    counts = {name: content["record"][f"checks_{name}"] for name in ("passed", "failed", "not_applicable")}
    assert counts == {"passed": 2, "failed": 1, "not_applicable": 1}
    assert content["run"] == 1


def test_runs_are_numbered_from_one_and_never_twice(tmp_path: Path) -> None:
    assert records.next_run(tmp_path / "nowhere") == 1
    records.write(tmp_path, record(1))
    records.write(tmp_path, record(9))
    assert records.next_run(tmp_path) == 10
    (tmp_path / "000001.json").unlink()
    assert records.next_run(tmp_path) == 10


def test_the_millionth_run_comes_after_the_one_before(tmp_path: Path) -> None:
    for run in (999_999, 1_000_000):
        records.write(tmp_path, record(run))
    assert records.next_run(tmp_path) == 1_000_001
    latest = records.latest(tmp_path)
    assert latest is not None
    assert latest.run == 1_000_000


def test_the_latest_record_of_a_verdict_is_found_behind_others(tmp_path: Path) -> None:
    for run, verdict in enumerate(("published", "published", "refused", "stopped"), start=1):
        records.write(tmp_path, record(run, verdict))
    found = {verdict: records.latest(tmp_path, verdict) for verdict in (None, "published", "refused")}
    assert [latest.run for latest in found.values() if latest] == [4, 2, 3]
    assert records.latest(tmp_path / "nowhere") is None
    (tmp_path / "000003.json").unlink()
    assert records.latest(tmp_path, "refused") is None


def test_what_is_no_record_is_passed_over(tmp_path: Path) -> None:
    records.write(tmp_path, record(1))
    for name in ("notes.json", ".000002.json.0a1b2c3d", "000003.json.bak"):
        (tmp_path / name).write_text("{")
    assert records.next_run(tmp_path) == 2
    assert records.latest(tmp_path) == records.latest(tmp_path, records.PUBLISHED)
    records.require_readable(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"run": 2}',
        b'{"run": 2, "record": []}',
        b'{"run": 2, "record": {"run": 2}}',
        b"\xff",
    ],
)
def test_a_damaged_record_is_named_and_not_a_traceback(tmp_path: Path, content: bytes) -> None:
    records.write(tmp_path, record(1))
    (tmp_path / "000002.json").write_bytes(content)
    for read in (records.latest, records.require_readable):
        with pytest.raises(ConfigurationError, match=r"Run record .*/000002\.json is damaged\.") as caught:
            read(tmp_path)
        assert caught.value.__suppress_context__
    (tmp_path / "000002.json").unlink()
    records.require_readable(tmp_path)
