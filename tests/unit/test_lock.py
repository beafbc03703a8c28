"""One run at a time: the second is told who holds the lock, and a killed one holds nothing."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bigtrust import lock
from bigtrust.errors import ExitCode, LockedError

HOLDER = """
import sys, time
from pathlib import Path
from bigtrust import lock
with lock.exclusive(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@contextmanager
def another_process(warehouse: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process that holds the lock."""
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(warehouse)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close() if process.stdout else None


def test_a_second_run_is_told_which_process_holds_the_lock(tmp_path: Path) -> None:
    with another_process(tmp_path) as process:
        with (
            pytest.raises(LockedError, match=rf"process {process.pid}, since 20\d\d-") as caught,
            lock.exclusive(tmp_path),
        ):
            pytest.fail("two runs at a time")
        assert caught.value.exit_code == ExitCode.LOCKED
        assert str(tmp_path) in str(caught.value)


def test_a_refused_run_leaves_the_lock_to_its_holder(tmp_path: Path) -> None:
    with another_process(tmp_path):
        for _ in range(2):
            with pytest.raises(LockedError), lock.exclusive(tmp_path):
                pytest.fail("two runs at a time")


def test_a_killed_holder_frees_the_lock(tmp_path: Path) -> None:
    with another_process(tmp_path) as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        with (
            lock.exclusive(tmp_path),
            pytest.raises(LockedError, match=f"process {os.getpid()},"),
            lock.exclusive(tmp_path),
        ):
            pytest.fail("two runs at a time")


def test_the_lock_is_free_after_a_run_and_after_a_failure(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), lock.exclusive(tmp_path / "new"):
        _ = 1 / 0
    with lock.exclusive(tmp_path / "new"):
        pass
    with lock.exclusive(tmp_path / "new"):
        pass


def test_two_warehouses_do_not_wait_for_each_other(tmp_path: Path) -> None:
    with another_process(tmp_path / "first"), lock.exclusive(tmp_path / "second"):
        pass


@pytest.mark.parametrize("content", ["", "{", "[]", "\xff"])
def test_a_holder_that_has_not_signed_yet_is_no_traceback(tmp_path: Path, content: str) -> None:
    with another_process(tmp_path):
        (tmp_path / "run.lock").write_bytes(content.encode("latin-1"))
        with pytest.raises(LockedError, match="a process that has just started"), lock.exclusive(tmp_path):
            pytest.fail("two runs at a time")
