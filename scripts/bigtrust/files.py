"""Writing files so that a crash at any moment leaves the old file or the new one, never half of one."""

import fcntl
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path


def write_durably(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Write `text` (UTF-8) to `path`: into a hidden file beside it, synced, then renamed over it.

    Creates missing folders. Raises OSError if the disk is full or read-only; the old file is then untouched.
    """
    write_together({path: text}, mode=mode)


def write_together(texts: Mapping[Path, str], *, mode: int = 0o644) -> None:
    """Write several files as `write_durably` does; none is renamed before all are synced.

    So a disk that is full or read-only (OSError) leaves every file as it was, and whoever is killed between two
    renames leaves each file old or new.
    """
    unfinished: dict[Path, Path] = {}
    try:
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            unfinished[path] = path.parent / f".{path.name}.{secrets.token_hex(4)}"
            _write_synced(unfinished[path], text, mode)
        for path, file in unfinished.items():
            file.replace(path)
    finally:
        for file in unfinished.values():
            file.unlink(missing_ok=True)
    for folder in {path.parent for path in texts}:
        sync_folder(folder)


def create_once(path: Path, text: str, *, mode: int) -> None:
    """Write `text` to `path` as `write_durably` does, unless the file is there: of several who try, one succeeds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.parent / f".{path.name}.{secrets.token_hex(4)}"
    try:
        _write_synced(unfinished, text, mode)
        with suppress(FileExistsError):
            path.hardlink_to(unfinished)
    finally:
        unfinished.unlink(missing_ok=True)
    sync_folder(path.parent)


def _write_synced(path: Path, text: str, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), mode)  # whatever the umask
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Wait until no other process changes files of `folder` under this lock, and hold it. It ends with its holder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def private_folder(folder: Path) -> Path:
    """Make a folder that only its owner may enter, if it does not exist yet; returns it."""
    if not folder.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        sync_folder(folder.parent)
    return folder


@contextmanager
def emptied(folder: Path) -> Iterator[None]:
    """Remove the folders in a folder of work, before (who worked there may have been killed) and after."""

    def empty() -> None:
        for path in folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path)

    try:
        empty()
        yield
    finally:
        empty()


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power failure."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def digest(path: Path) -> str:
    """Return the SHA-256 digest of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
