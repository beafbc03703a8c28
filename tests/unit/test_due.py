"""Keys are given out only from a run that is good and current, and only where nobody else reads."""

import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from bigtrust import due, lock, records, register, states
from bigtrust.errors import ConfigurationError, LockedError
from bigtrust.files import digest, private_folder
from bigtrust.records import Record
from bigtrust.settings import Settings
from warehouse import Warehouse

DUE = """
    create schema restricted;
    create table restricted.landing_due as
    select * from (
        values
            ('purchase_lines', 0, 2, 'forgotten', date '2026-02-01'),
            ('customers', 1, 1, 'expired', date '2026-01-31'),
            ('consents', 0, 1, 'expired', date '2026-01-31'),
            ('returns', 0, 3, 'expired', date '2026-01-31'),
            ('returns', 0, 1, 'forgotten', date '2026-01-30')
    ) as due(landing_table, file_number, row_number, reason, due_since);
    create schema landing;
    create table landing.files (landing_table varchar, file_number integer, file_name varchar, digest varchar);
    create schema staging;
    create table staging.base_customers as
    from (values (0, 1, 'C1'), (1, 1, 'C, 1'), (1, 2, 'C3')) as landed(file_number, row_number, customer_id);
    create table staging.base_consents as
    select
        0 as file_number, 1 as row_number, 'C2' as customer_id, 'marketing' as purpose,
        cast(null as varchar) as channel, true as granted, timestamp '2020-01-01' as recorded_at;
    create table staging.base_purchase_lines as
    from (values (0, 1, 'T-1', '1'), (0, 2, 'T-1', '2')) as landed(file_number, row_number, purchase_id, line_number);
    create table staging.base_returns as
    from (values (0, 1, 'R9'), (0, 2, 'R5'), (0, 3, 'R1')) as landed(file_number, row_number, return_id);
    create table staging.base_purchases (file_number integer, row_number bigint, purchase_id varchar);
    create table staging.base_web_events (file_number integer, row_number bigint, event_id varchar);
    create table staging.base_support_tickets (file_number integer, row_number bigint, ticket_id varchar);
    create table staging.base_marketing_messages (file_number integer, row_number bigint, message_id varchar);
"""


def write_record(settings: Settings, **changes: str) -> None:
    """Write the record of a run that starts now."""
    record = Record(run=1, started_at=records.now(), as_of=None, verdict=records.PUBLISHED)
    records.write(settings.runs, replace(record, **changes))  # type: ignore[arg-type]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A warehouse with a vault and the record of a run that published."""
    settings = Warehouse(tmp_path).settings
    for folder in (settings.landing, settings.warehouse, settings.published):
        folder.mkdir()
    files = ["customers/0.csv", "customers/1.csv", "consents.csv", "purchase_lines/0.csv", "returns/0.csv"]
    with duckdb.connect(str(settings.vault)) as connection:
        connection.execute(DUE)
        for name in files:
            path = settings.landing / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"{name}\n", encoding="utf-8")
            table, number = name.removesuffix(".csv").partition("/")[::2]
            connection.execute(
                "insert into landing.files values (?, ?, ?, ?)", [table, int(number or 0), path.name, digest(path)]
            )
    an_hour_ago = time.time() - 3600
    for path in (settings.landing, *settings.landing.rglob("*")):
        os.utime(path, (an_hour_ago, an_hour_ago))
    write_record(settings)
    return settings


def test_every_table_has_a_file_that_only_its_owner_reads(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "due"
    counts = due.export(settings, folder)
    assert counts == {**dict.fromkeys(due.KEYS, 0), "customers": 1, "consents": 1, "purchase_lines": 1, "returns": 2}
    assert {path.stem for path in folder.iterdir()} == set(due.KEYS)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert (folder / "customers.csv").read_text("utf-8").splitlines() == [
        "customer_id,reason,due_since",
        '"C, 1",expired,2026-01-31',
    ]
    assert (folder / "purchase_lines.csv").read_text("utf-8").splitlines()[1] == "T-1,2,forgotten,2026-02-01"
    consents = (folder / "consents.csv").read_text("utf-8").splitlines()
    assert consents[1] == "C2,marketing,2020-01-01 00:00:00,,true,expired,2026-01-31"
    assert (folder / "web_events.csv").read_text("utf-8").splitlines() == ["event_id,reason,due_since"]


def test_the_keys_are_in_order_wherever_their_rows_lie(settings: Settings, tmp_path: Path) -> None:
    due.export(settings, tmp_path / "due")
    assert (tmp_path / "due" / "returns.csv").read_text("utf-8").splitlines()[1:] == [
        "R1,expired,2026-01-31",
        "R9,forgotten,2026-01-30",
    ]


def test_an_older_list_does_not_stay_behind(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "due"
    due.export(settings, folder)
    with duckdb.connect(str(settings.vault)) as connection:
        connection.execute("delete from restricted.landing_due")
    due.export(settings, folder)
    assert (folder / "customers.csv").read_text("utf-8").splitlines() == ["customer_id,reason,due_since"]


@pytest.mark.parametrize(
    "place", ["published", "published/keys", "site", "landing", "register/due", "ledger", "warehouse"]
)
def test_keys_never_go_where_others_read(settings: Settings, tmp_path: Path, place: str) -> None:
    with pytest.raises(ConfigurationError, match="Keys are personal data"):
        due.export(settings, tmp_path / place)
    assert not list(tmp_path.rglob("purchase_lines.csv"))


def test_a_link_into_the_published_folder_is_seen_through(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "harmless").symlink_to(settings.published)
    with pytest.raises(ConfigurationError, match="lies in the published folder"):
        due.export(settings, tmp_path / "harmless" / "due")


def nothing_was_built(settings: Settings) -> None:
    settings.vault.unlink()


def the_last_run_failed(settings: Settings) -> None:
    write_record(settings, verdict=records.REFUSED)


def another_day(settings: Settings) -> None:
    write_record(settings, as_of="2030-01-01")


def landing_changed(settings: Settings) -> None:
    os.utime(settings.landing / "consents.csv")


def a_file_changed_and_kept_its_time(settings: Settings) -> None:
    path = settings.landing / "customers" / "1.csv"
    times = path.stat()
    path.write_text("another row comes first\n", encoding="utf-8")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def a_file_arrived(settings: Settings) -> None:
    (settings.landing / "legal_holds.csv").write_text("hold_id\n", encoding="utf-8")


def a_request_was_withdrawn(settings: Settings) -> None:
    name = register.add(private_folder(settings.register), register.new_request(channel="web", purchase="P1")).stem
    state = states.State(states.EFFECTIVE, 1, "2026-01-01T00:00:00")
    (settings.register / register.STATES).write_text(json.dumps({name: asdict(state)}), encoding="utf-8")
    due.export(settings, settings.landing.parent / "while_it_stands")
    register.withdraw(settings.register, name)


CASES: dict[Callable[[Settings], None], str] = {
    nothing_was_built: "Nothing has been built yet",
    the_last_run_failed: "did not publish",
    another_day: "was made for another day",
    landing_changed: "has changed since the last run",
    a_file_changed_and_kept_its_time: "has changed since the last run",
    a_file_arrived: "has changed since the last run",
    a_request_was_withdrawn: "A request was withdrawn since the last run",
}


@pytest.mark.parametrize("spoil", CASES, ids=[spoil.__name__ for spoil in CASES])
def test_keys_are_given_out_only_from_a_run_that_is_good_and_current(
    settings: Settings, tmp_path: Path, spoil: Callable[[Settings], None]
) -> None:
    write_record(settings, started_at=(datetime.now(UTC) - timedelta(minutes=1)).replace(tzinfo=None).isoformat())
    due.export(settings, tmp_path / "before")
    time.sleep(0.01)
    spoil(settings)
    with pytest.raises(ConfigurationError, match=CASES[spoil]):
        due.export(settings, tmp_path / "due")
    assert not (tmp_path / "due").exists()


def test_keys_are_not_read_while_a_run_goes_on(settings: Settings, tmp_path: Path) -> None:
    with lock.exclusive(settings.warehouse), pytest.raises(LockedError):
        due.export(settings, tmp_path / "due")


def test_a_folder_that_cannot_be_written_is_named(settings: Settings) -> None:
    with pytest.raises(ConfigurationError, match="cannot be written"):
        due.export(settings, Path("/proc/due"))
