"""A file is replaced whole or not at all."""

import subprocess
import sys
from pathlib import Path

import pytest

from bigtrust.files import private_folder, write_durably, write_together


def test_a_private_folder_is_its_owners_alone_and_an_old_one_keeps_its_mode(tmp_path: Path) -> None:
    assert private_folder(tmp_path / "a" / "new").stat().st_mode & 0o777 == 0o700
    (tmp_path / "old").mkdir()
    (tmp_path / "old").chmod(0o755)
    assert private_folder(tmp_path / "old").stat().st_mode & 0o777 == 0o755


def test_missing_folders_are_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file.txt"
    write_durably(path, "é\n")
    assert path.read_bytes() == "é\n".encode()


def test_the_old_file_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    write_durably(path, "old, and longer than the new one")
    write_durably(path, "new")
    assert path.read_text() == "new"
    assert [file.name for file in tmp_path.iterdir()] == ["file.txt"]


def test_a_reader_of_the_old_file_keeps_it(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    write_durably(path, "old")
    with path.open() as reader:
        write_durably(path, "new")
        assert reader.read() == "old"


@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_the_mode_is_as_asked_from_the_first_byte_on(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "file.txt"
    write_durably(path, "text", mode=mode)
    assert path.stat().st_mode & 0o777 == mode
    path.chmod(0o666)
    write_durably(path, "text", mode=mode)
    assert path.stat().st_mode & 0o777 == mode


@pytest.mark.parametrize("before", [None, "old"])
def test_a_full_disk_leaves_the_old_file(tmp_path: Path, before: str | None) -> None:
    path = tmp_path / "file.txt"
    if before:
        write_durably(path, before)
    script = """
import resource, sys
from pathlib import Path
from bigtrust.files import write_durably
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_durably(Path(sys.argv[1]), "x" * 2000)
except OSError:
    print("refused")
"""
    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout == "refused\n"
    assert [file.name for file in tmp_path.iterdir()] == (["file.txt"] if before else [])
    assert not before or path.read_text() == before


def test_a_folder_in_the_place_of_the_file_is_an_error_that_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file.txt").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_durably(tmp_path / "file.txt", "text")
    assert [file.name for file in tmp_path.iterdir()] == ["file.txt"]


def test_of_several_files_none_is_written_if_one_cannot_be(tmp_path: Path) -> None:
    write_durably(tmp_path / "a.txt", "old")
    script = """
import resource, sys
from pathlib import Path
from bigtrust.files import write_together
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_together({Path(sys.argv[1]) / "a.txt": "new", Path(sys.argv[1]) / "b.txt": "x" * 2000})
except OSError:
    print("refused")
"""
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout == "refused\n"
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "old"


def test_no_file_at_all_is_nothing_to_do(tmp_path: Path) -> None:
    write_together({})
    assert not list(tmp_path.iterdir())
