"""`bigtrust status` says that all is well only when it is."""

import os
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from bigtrust import ledger, monitoring, records, register, reviews, states, till
from bigtrust.cli import main
from bigtrust.errors import ConfigurationError, InputError
from bigtrust.monitoring import Status
from bigtrust.records import Record
from bigtrust.reviews import new_review
from bigtrust.settings import PUBLICATIONS, Settings

NOW = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)  # the night in which Paris changes to summer time
MAXIMUM = 26.0
PUBLISHED = (*PUBLICATIONS, "till")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A warehouse that published two hours ago."""
    names = ("warehouse", "published", "register", "ledger")
    folders = {f"BIGTRUST_{name.upper()}": str(tmp_path / name) for name in names}
    settings = Settings.load({**folders, "BIGTRUST_SECRET_FILE": str(tmp_path / "secret")})
    ledger.append(settings, lambda _: [{"kind": "run_started", "run": 1}])
    settings.published.mkdir()
    with duckdb.connect(str(settings.published / "governance.duckdb")) as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.erasure_status (scope varchar, state varchar, requests bigint)")
    for name in PUBLISHED:
        publish(settings, name, hours_ago=2)
    run(settings, 1, hours_ago=2)
    return settings


def published(settings: Settings, name: str) -> Path:
    return settings.till / till.OFFERS if name == "till" else settings.published / f"{name}.duckdb"


def publish(settings: Settings, name: str, *, hours_ago: float) -> None:
    path = published(settings, name)
    path.parent.mkdir(exist_ok=True)
    path.touch()
    moment = (NOW - timedelta(hours=hours_ago)).timestamp()
    os.utime(path, (moment, moment))


def run(
    settings: Settings, number: int, *, hours_ago: float, verdict: str = records.PUBLISHED, message: str | None = None
) -> None:
    started = (NOW - timedelta(hours=hours_ago)).replace(tzinfo=None)
    finished = started + timedelta(minutes=30)
    code = 0 if verdict == records.PUBLISHED else 1
    records.write(
        settings.runs,
        Record(number, started.isoformat(), None, verdict, code, message, finished.isoformat()),
    )


def ask(settings: Settings, *, hours_ago: float) -> None:
    request = register.new_request(channel="till", customer="Quentin Kanari")
    asked = NOW - timedelta(hours=hours_ago)
    register.add(settings.register, replace(request, requested_at=asked.isoformat()))


def take_up(settings: Settings) -> None:
    """What a run does with the requests that it knew, once it has published."""
    found = {request.key: states.EFFECTIVE for request in register.read(settings.register).values()}
    states.record(settings.register, found, run=2, at=records.now())


def status(settings: Settings) -> Status:
    return monitoring.status(settings, now=NOW, max_age_hours=MAXIMUM)


def open_requests(state: Status) -> str:
    (line,) = [line for line in state.lines if line.startswith("Open erasure requests")]
    return line


def test_a_fresh_warehouse_without_open_requests_is_good(settings: Settings) -> None:
    state = status(settings)
    assert state.is_good
    assert state.lines == [
        "Last run: 1, published at 2026-03-29T00:00:00Z (exit code 0).",
        "Publication analytics: 2.0 hours old.",
        "Publication insights: 2.0 hours old.",
        "Publication finance: 2.0 hours old.",
        "Publication marketing: 2.0 hours old.",
        "Publication service: 2.0 hours old.",
        "Publication governance: 2.0 hours old.",
        "Publication till: 2.0 hours old.",
        "Erasure requests in the last build: none.",
        "Open erasure requests: none.",
        "Ledger: intact, 1 entry.",
    ]


def test_a_damaged_or_missing_ledger_is_not_good(settings: Settings) -> None:
    (page,) = settings.ledger.glob("*.json")
    content = page.read_bytes()
    page.write_bytes(content.replace(b'"run":1', b'"run":2'))
    state = status(settings)
    assert not state.is_good
    assert "00000001.json holds other entries than its tree head says" in state.lines[-1]
    page.write_bytes(content)
    assert status(settings).is_good
    shutil.rmtree(settings.ledger)
    assert not status(settings).is_good
    assert "missing. The next run begins a new one." in status(settings).lines[-1]


def test_the_command_looks_at_the_ledger_that_it_is_told_to(settings: Settings, tmp_path: Path) -> None:
    for place, said in ((settings.ledger, "Ledger: intact"), (tmp_path / "other", "other: missing")):
        result = CliRunner().invoke(main, ["status", "--ledger", str(place)], env=settings.environment())
        assert said in " ".join(result.stdout.split())


def test_a_warehouse_that_never_ran_is_not_good(tmp_path: Path) -> None:
    state = status(Settings.load({"BIGTRUST_WAREHOUSE": str(tmp_path)}))
    assert not state.is_good
    assert "Run `bigtrust run` first" in state.lines[0]


@pytest.mark.parametrize("verdict", [records.REFUSED, records.STOPPED])
def test_a_failed_last_run_is_not_good_and_says_why(settings: Settings, verdict: str) -> None:
    run(settings, 2, hours_ago=1, verdict=verdict, message="A check failed.")
    state = status(settings)
    assert not state.is_good
    assert state.lines[0].startswith(f"Last run: 2, {verdict} at ")
    assert state.lines[1] == "  A check failed."


def test_a_failed_run_is_named_until_somebody_has_reviewed_it(settings: Settings) -> None:
    run(settings, 2, hours_ago=1, verdict=records.REFUSED)
    run(settings, 3, hours_ago=1)
    line = "Not reviewed: run 2, refused (bigtrust review --run 2)."
    assert line in status(settings).lines
    review = new_review(run=2, reviewer="Léa Moreau", note="The delivery was repaired.", verdict="accepted")
    reviews.add(settings.reviews, review)
    assert line not in status(settings).lines
    assert status(settings).is_good


def test_a_run_that_published_after_a_failure_makes_it_good_again(settings: Settings) -> None:
    run(settings, 2, hours_ago=1.5, verdict=records.REFUSED)
    run(settings, 3, hours_ago=1)
    assert status(settings).is_good


@pytest.mark.parametrize("name", PUBLISHED)
@pytest.mark.parametrize(("hours", "is_good"), [(MAXIMUM, True), (MAXIMUM + 0.01, False)])
def test_a_publication_is_stale_once_it_is_older_than_allowed(
    settings: Settings, name: str, hours: float, is_good: bool
) -> None:
    publish(settings, name, hours_ago=hours)
    state = status(settings)
    assert state.is_good is is_good
    assert (f"Publication {name}: 26.0 hours old, stale." in state.lines) is not is_good


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_missing_publication_is_not_good(settings: Settings, name: str) -> None:
    published(settings, name).unlink()
    state = status(settings)
    assert not state.is_good
    assert f"Publication {name}: missing." in state.lines


def test_a_request_that_a_run_has_taken_up_is_closed(settings: Settings) -> None:
    ask(settings, hours_ago=2.1)
    take_up(settings)
    assert open_requests(status(settings)) == "Open erasure requests: none."


def test_a_request_that_no_run_has_taken_up_is_open_however_old_it_is(settings: Settings) -> None:
    """A till may send today what was asked before the last run started."""
    ask(settings, hours_ago=3)
    take_up(settings)
    ask(settings, hours_ago=25)
    state = status(settings)
    assert open_requests(state) == "Open erasure requests: 1, the oldest 25.0 hours old."
    assert state.is_good


def test_a_request_that_was_withdrawn_in_time_is_not_open(settings: Settings) -> None:
    ask(settings, hours_ago=100)
    (request,) = register.read(settings.register)
    register.withdraw(settings.register, request)
    assert open_requests(status(settings)) == "Open erasure requests: none."


@pytest.mark.parametrize(("hours", "is_good"), [(MAXIMUM, True), (MAXIMUM + 1, False)])
def test_an_open_request_is_overdue_once_it_is_older_than_allowed(
    settings: Settings, hours: float, is_good: bool
) -> None:
    ask(settings, hours_ago=hours)
    ask(settings, hours_ago=1)
    state = status(settings)
    assert state.is_good is is_good
    assert (
        open_requests(state)
        == f"Open erasure requests: 2, the oldest {hours} hours old{'' if is_good else ', overdue'}."
    )


def test_requests_of_the_last_build_are_counted_by_state(settings: Settings) -> None:
    with duckdb.connect(str(settings.published / "governance.duckdb")) as connection:
        connection.execute(
            "insert into marts.erasure_status "
            "values ('purchase', 'refused', 1), ('person', 'effective', 1200), ('category', 'effective', 34)"
        )
    assert "Erasure requests in the last build: 1,234 effective, 1 refused." in status(settings).lines


@pytest.mark.parametrize("content", [None, b"", b"no database"])
def test_a_governance_that_cannot_say_is_no_traceback(settings: Settings, content: bytes | None) -> None:
    path = settings.published / "governance.duckdb"
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    assert "Erasure requests in the last build: unknown, governance does not say." in status(settings).lines


def test_nobody_is_named(settings: Settings) -> None:
    ask(settings, hours_ago=1)
    assert "Kanari" not in "\n".join(status(settings).lines)


def test_a_damaged_request_is_an_error_and_no_open_request_less(settings: Settings) -> None:
    (settings.register / "R1.json").parent.mkdir()
    (settings.register / "R1.json").write_text("{")
    with pytest.raises(InputError, match=r"R1\.json is no readable erasure request"):
        status(settings)


def test_a_damaged_record_is_an_error(settings: Settings) -> None:
    (settings.runs / "000002.json").write_text("{")
    with pytest.raises(ConfigurationError, match=r"000002\.json is damaged"):
        status(settings)
