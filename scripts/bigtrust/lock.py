"""One run at a time: an advisory lock on a file in the warehouse folder. The kernel frees it when the holder dies."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bigtrust.errors import LockedError
from bigtrust.files import private_folder


@contextmanager
def exclusive(warehouse: Path) -> Iterator[None]:
    """Hold the lock of a warehouse. Raises LockedError that says who holds it and since when."""
    private_folder(warehouse)
    with (warehouse / "run.lock").open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockedError(
                f"Another run holds the lock of {warehouse}: {_holder(file.name)}. Wait for it to end, or stop it."
            ) from None
        file.truncate(0)
        file.write(json.dumps({"process": os.getpid(), "since": datetime.now(UTC).isoformat(timespec="seconds")}))
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def _holder(path: str) -> str:
    try:
        holder = json.loads(Path(path).read_text(encoding="utf-8"))
        return f"process {holder['process']}, since {holder['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "a process that has just started"
