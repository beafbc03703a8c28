"""Kills a publishing run before each of its writes, and says what the ledger then says: `python killed_runs.py ROOT`.

Everything is real but what is built and checked: six small candidates are there already. Prints one JSON object: how
many points there were, and for each problem the point and what was found. Each run is a child process, which an
audit hook kills (SIGKILL) before a file takes its name for the n-th time: whatever is written, is written under another
name before.
"""

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb

from bigtrust import ledger, pipeline, policy, register, signed_receipts
from bigtrust.build import Dbt
from bigtrust.ledger import verify
from bigtrust.pipeline import _Attempt
from bigtrust.settings import PUBLICATIONS, Settings
from warehouse import Warehouse

_NAMING = {"os.rename", "os.link"}
_AFTER = 4  # after each so many kills, the next run is made, too
_DONE = 0


class _Silent:
    def phase(self, _: str) -> None: ...

    def progress(self, *_: Any) -> None: ...

    def say(self, _: str) -> None: ...


def prepare(settings: Settings) -> None:
    """Candidates, and a request with its receipt that the run will find effective."""
    settings.candidates.mkdir(parents=True)
    for name in PUBLICATIONS:
        with duckdb.connect(str(settings.candidates / f"{name}.duckdb")) as connection:
            connection.execute(
                """
                create schema marts;
                create table marts.about as
                select * from (values ('policy_version', '2026-11-23'), ('run', '0'), ('forget_promise_days', '3'),
                    ('built_at', '2026-11-23T03:15:09Z')) as facts(fact, value);
                create table marts.forget_offers as
                select 'cafe' as category_id, 'Café' as name, 'sensitive' as why, 12 as replacement_cycle_months,
                    true as is_offered, true as is_delivered;
                """
            )
    request = register.new_request(channel="till", purchase="T1")
    register.add(settings.register, request)
    signed_receipts.Receipts(settings).issue([request])


def run(settings: Settings) -> None:
    """A run that builds and checks nothing, and publishes."""

    def build(attempt: _Attempt) -> None:
        for name in PUBLICATIONS:
            with duckdb.connect(str(settings.candidates / f"{name}.duckdb")) as connection:
                connection.execute("update marts.about set value = ? where fact = 'run'", [str(attempt._record.run)])
        policy.put_aside(settings)
        attempt._found = {request.key: "effective" for request in register.read(settings.register).values()}
        attempt._is_governance_proven = True

    with (
        patch.object(_Attempt, "build", build),
        patch.object(_Attempt, "check", lambda _: None),
        patch.object(_Attempt, "put_to_rest", lambda _: None),
        patch.object(_Attempt, "report", lambda _: None),
        patch.object(_Attempt, "_write_summary", lambda _: None),
        patch.object(Dbt, "parse", lambda *_: None),
        patch.object(Dbt, "record", lambda *_: None),
    ):
        pipeline.run(settings, _Silent())


def in_child(work: Callable[[], Any]) -> int:
    """Do it in a process of its own; returns how that ended: DuckDB's threads do not survive a fork."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        work()
        os._exit(_DONE)
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        os._exit(1)


def killed_before(number: int, settings: Settings) -> Callable[[], None]:
    """A run that is killed before it gives a file its name for the time of this number."""

    def work() -> None:
        seen = 0

        def hook(event: str, _: tuple[Any, ...]) -> None:
            nonlocal seen
            if event in _NAMING:
                seen += 1
                if seen == number:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)
        run(settings)

    return work


def main(root: Path) -> dict[str, Any]:
    """Kill a first and a second run at every point, each from the same start."""
    start = Warehouse(root / "start")
    assert in_child(lambda: prepare(start.settings)) == _DONE
    problems: list[str] = []
    points = 0
    for before in range(2):  # a first run, and one that replaces what is there
        number, ended = 0, -signal.SIGKILL
        while ended == -signal.SIGKILL:
            number += 1
            shutil.rmtree(root / "work", ignore_errors=True)
            work = start.copy(root / "work")
            ended = in_child(killed_before(number, work.settings))
            where = f"run {before + 1}, point {number}"
            if ledger.is_begun(work.settings.ledger) and in_child(lambda w=work: holds(w.settings)) != _DONE:
                problems.append(f"{where}: the ledger speaks against itself")
            if (
                ended == -signal.SIGKILL
                and number % _AFTER == 0
                and in_child(lambda w=work: recovers(w.settings)) != _DONE
            ):
                problems.append(f"{where}: the next run does not repair it")
        if ended != _DONE:
            problems.append(f"run {before + 1} ended with {ended}")
        points += number - 1
        shutil.rmtree(start.root)
        start = Warehouse(root / "work").copy(root / "start")
    return {"points": points, "problems": problems}


def holds(settings: Settings) -> None:
    """Nothing speaks against the ledger."""
    found = verify.verify(settings)
    assert found.holds, dict(found.against)


def recovers(settings: Settings) -> None:
    """The next run publishes, tells how the killed one ended, and the request took effect once."""
    run(settings)
    holds(settings)
    entries = ledger.entries(settings)
    started = [entry["run"] for entry in entries if entry["kind"] == "run_started"]
    ended = [entry["run"] for entry in entries if entry["kind"] == "run_ended"]
    assert sorted(ended) == started == list(range(1, len(started) + 1))
    effective = [entry["commitment"] for entry in entries if entry["kind"] == signed_receipts.EFFECTIVE]
    assert len(effective) == len(set(effective)) == 1
    assert not list(settings.published.glob(".*"))


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))
