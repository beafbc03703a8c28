"""The site is the old one or the new one, whole, for everybody to read; and nothing else is ever removed."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bigtrust import site
from bigtrust.errors import ConfigurationError

OLD = {"policy.json": "{}", "index.html": "old", "fr/old.html": "old"}
NEW = {"policy.json": "{}", "index.html": "new", "fr/new.html": "new", "en/new.html": "new"}


def files(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def test_a_new_site_replaces_all_of_the_old_one_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    target = tmp_path / "www" / "site"
    site._swap_in(target, OLD)
    assert files(target) == OLD
    site._swap_in(target, NEW)
    assert files(target) == NEW
    assert [path.name for path in target.parent.iterdir()] == ["site"]


def test_everybody_may_read_it_whatever_the_umask(tmp_path: Path) -> None:
    with umask(0o077):
        site._swap_in(tmp_path / "site", NEW)
    for path in [tmp_path / "site", *(tmp_path / "site").rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o755 if path.is_dir() else 0o644), path


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "home"
    target.mkdir()
    (target / "letter.txt").write_text("Dear")
    with pytest.raises(ConfigurationError, match="holds something else than a site"):
        site._swap_in(target, NEW)
    assert files(tmp_path) == {"home/letter.txt": "Dear"}
    (tmp_path / "empty").mkdir()
    site._swap_in(tmp_path / "empty", NEW)
    assert files(tmp_path / "empty") == NEW


def test_whoever_was_killed_between_the_two_renames_left_the_old_site_to_be_put_back(tmp_path: Path) -> None:
    target = tmp_path / "site"
    site._swap_in(target, OLD)
    target.rename(tmp_path / ".site.old.0123abcd")
    (tmp_path / ".site.new.0123abcd").mkdir()
    site._put_in_order(target)
    assert files(target) == OLD
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_disk_that_refuses_leaves_the_old_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "site"
    site._swap_in(target, OLD)

    def refuse(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(site, "write_together", refuse)
    with pytest.raises(OSError, match="No space"):
        site._swap_in(target, NEW)
    assert files(target) == OLD
