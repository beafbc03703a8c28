"""A rotation raises a key version for good: it is written whole or not at all, and a lost one is noticed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from bigtrust import files, keys, lock, register, secret
from bigtrust.cli import main
from bigtrust.errors import ConfigurationError, LockedError
from bigtrust.settings import Settings

SECRET = "ca7a59" * 20
FIRST = {"analytics": 1, "marketing": 1, "service": 1}


def environment(root: Path) -> dict[str, str]:
    names = ("landing", "warehouse", "published", "register", "site", "ledger")
    return {f"BIGTRUST_{name.upper()}": str(root / name) for name in names} | {
        "BIGTRUST_SECRET_FILE": str(root / "key")
    }


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A warehouse with a secret that a run has used."""
    settings = Settings.load(environment(tmp_path))
    secret.load(settings, {secret.VARIABLE: SECRET})
    return settings


def rotation_file(settings: Settings, name: str) -> Path:
    return settings.register / "key_rotations" / name


def publish(settings: Settings, domain: str, version: int) -> None:
    """A publication that says its key version."""
    settings.published.mkdir(exist_ok=True)
    with duckdb.connect(str(settings.published / f"{domain}.duckdb")) as connection:
        connection.execute("create schema marts")
        connection.execute(f"create table marts.about as select 'key_version' as fact, '{version}' as value")


# --- versions and rotations


def test_every_domain_starts_with_version_1_and_nothing_is_written(settings: Settings) -> None:
    assert keys.versions(settings) == FIRST
    assert tuple(FIRST) == secret.DOMAINS
    assert keys.rotations(settings, "analytics") == []
    assert [path.name for path in settings.register.iterdir()] == ["secret.fingerprint"]


def test_a_rotation_raises_the_version_of_its_domain_only_and_lasts(settings: Settings) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    assert keys.rotate(settings, "analytics").version == 2
    assert keys.versions(settings) == {"analytics": 2, "marketing": 1, "service": 1}
    assert keys.rotate(settings, "analytics").version == 3
    assert keys.rotate(settings, "marketing").version == 2
    assert keys.versions(settings) == {"analytics": 3, "marketing": 2, "service": 1}
    moments = [datetime.fromisoformat(rotation.rotated_at) for rotation in keys.rotations(settings, "analytics")]
    assert before <= moments[0] <= moments[1] <= datetime.now(UTC)


def test_each_version_of_each_domain_has_a_key_of_its_own() -> None:
    versions = range(1, 20)
    made = {
        secret.domain_key(bytes.fromhex(SECRET), domain, version) for domain in secret.DOMAINS for version in versions
    }
    assert len(made) == len(secret.DOMAINS) * len(versions)


def test_a_rotation_is_for_its_owner_only_and_holds_no_secret(settings: Settings) -> None:
    keys.rotate(settings, "analytics")
    path = rotation_file(settings, "analytics.2.json")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    content = json.loads(path.read_text(encoding="utf-8"))
    assert list(content) == ["domain", "version", "rotated_at"]
    assert (content["domain"], content["version"]) == ("analytics", 2)


def test_a_rotation_is_no_erasure_request_and_no_reason_to_make_a_new_secret(settings: Settings) -> None:
    keys.rotate(settings, "analytics")
    assert register.files(settings.register) == []
    with pytest.raises(ConfigurationError, match="Restore the secret"):
        secret.load(settings, {})


def test_an_old_copy_of_the_register_laid_over_a_newer_one_takes_no_rotation_back(
    settings: Settings, tmp_path: Path
) -> None:
    keys.rotate(settings, "analytics")
    backup = shutil.copytree(settings.register, tmp_path / "backup")
    keys.rotate(settings, "analytics")
    keys.rotate(settings, "marketing")
    shutil.copytree(backup, settings.register, dirs_exist_ok=True)
    assert keys.versions(settings) == {"analytics": 3, "marketing": 2, "service": 1}


def test_an_unknown_domain_is_not_rotated(settings: Settings) -> None:
    with pytest.raises(ConfigurationError, match="Name one of: analytics, marketing, service"):
        keys.rotate(settings, "../analytics")
    assert keys.versions(settings) == FIRST


def test_before_the_first_run_there_is_nothing_to_rotate_and_the_first_run_still_makes_a_secret(tmp_path: Path) -> None:
    fresh = Settings.load(environment(tmp_path))
    with pytest.raises(ConfigurationError, match="There is nothing to rotate"):
        keys.rotate(fresh, "analytics")
    assert list(tmp_path.iterdir()) == []
    assert len(secret.load(fresh, {})) == 32


# --- while a run is under way, and when something dies


def test_while_a_run_is_under_way_nothing_is_rotated(settings: Settings) -> None:
    with lock.exclusive(settings.warehouse), pytest.raises(LockedError):
        keys.rotate(settings, "analytics")
    assert keys.versions(settings) == FIRST
    assert keys.rotate(settings, "analytics").version == 2


DIES = """
import os, signal
from pathlib import Path
from bigtrust import keys
from bigtrust.settings import Settings
{death}
keys.rotate(Settings.load(), "analytics")
"""
DEATHS = {
    "before the file is whole": "os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)",
    "before the rename": "Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)",
    "after the rename": "import bigtrust.files\n"
    "bigtrust.files.sync_folder = lambda _: os.kill(os.getpid(), signal.SIGKILL)",
}


@pytest.mark.parametrize("moment", DEATHS)
def test_a_killed_rotation_happened_or_did_not_and_can_be_asked_again(settings: Settings, moment: str) -> None:
    keys.rotate(settings, "marketing")  # the folder is there
    script = DIES.format(death=DEATHS[moment])
    variables = os.environ | environment(settings.warehouse.parent)
    died = subprocess.run([sys.executable, "-c", script], env=variables, check=False)
    assert died.returncode == -signal.SIGKILL
    version = keys.versions(settings)["analytics"]
    assert version == (2 if moment == "after the rename" else 1)
    assert keys.rotate(settings, "analytics").version == version + 1
    assert keys.versions(settings)["analytics"] == version + 1


def test_a_full_disk_leaves_the_version_as_it_was(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    keys.rotate(settings, "marketing")
    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        keys.rotate(settings, "analytics")
    assert keys.versions(settings) == {"analytics": 1, "marketing": 2, "service": 1}
    assert [path.name for path in rotation_file(settings, ".").iterdir()] == ["marketing.2.json"]


# --- what was lost or changed


def damaged(settings: Settings) -> None:
    rotation_file(settings, "analytics.2.json").write_text('{"domain": "geheim', encoding="utf-8")


def emptied(settings: Settings) -> None:
    rotation_file(settings, "analytics.3.json").write_text("", encoding="utf-8")


def other_version(settings: Settings) -> None:
    path = rotation_file(settings, "analytics.3.json")
    path.write_text(path.read_text(encoding="utf-8").replace("3", "7", 1), encoding="utf-8")


def no_text(settings: Settings) -> None:
    rotation_file(settings, "analytics.3.json").write_bytes(b"\xff\xfe")


def renamed(settings: Settings) -> None:
    rotation_file(settings, "analytics.3.json").rename(rotation_file(settings, "analytics.4.json"))


def version_as_text(settings: Settings) -> None:
    path = rotation_file(settings, "analytics.3.json")
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(content | {"version": "3"}), encoding="utf-8")


def no_moment(settings: Settings) -> None:
    path = rotation_file(settings, "analytics.3.json")
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(content | {"rotated_at": "geheim"}), encoding="utf-8")


@pytest.mark.parametrize(
    "spoil", [damaged, emptied, other_version, no_text, renamed, version_as_text, no_moment], ids=lambda f: f.__name__
)
def test_a_damaged_rotation_stops_everything(settings: Settings, spoil: Callable[[Settings], None]) -> None:
    keys.rotate(settings, "analytics")
    keys.rotate(settings, "analytics")
    spoil(settings)
    for command in (keys.versions, lambda settings: keys.rotate(settings, "marketing")):
        with pytest.raises(ConfigurationError, match=r"Key rotation .* is damaged .* Restore it") as caught:
            command(settings)
        assert "geheim" not in str(caught.value)
        assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_a_rotation_that_is_missing_between_others_is_noticed(settings: Settings) -> None:
    for _ in range(3):
        keys.rotate(settings, "analytics")
    rotation_file(settings, "analytics.3.json").unlink()
    with pytest.raises(ConfigurationError, match="A key rotation of the domain analytics is lost"):
        keys.versions(settings)


@pytest.mark.parametrize("lost", ["key_rotations", "key_rotations/analytics.3.json"])
@pytest.mark.parametrize("known_from", ["an earlier build", "the publication"])
def test_a_version_never_goes_down(settings: Settings, lost: str, known_from: str) -> None:
    keys.rotate(settings, "analytics")
    keys.rotate(settings, "analytics")
    if known_from == "the publication":
        publish(settings, "analytics", 3)
    else:
        keys.remember(settings, keys.versions(settings))
    path = settings.register / lost
    kept = settings.register.parent / "kept"
    path.rename(kept)
    with pytest.raises(ConfigurationError, match=r"analytics is lost from .* old pseudonyms would come back"):
        keys.versions(settings)
    with pytest.raises(ConfigurationError, match="is lost"):
        keys.rotate(settings, "analytics")
    kept.rename(path)
    assert keys.versions(settings)["analytics"] == 3


def test_what_builds_have_used_is_for_their_owner_only(settings: Settings) -> None:
    settings.warehouse.mkdir()
    keys.remember(settings, {"analytics": 3, "marketing": 1})
    assert keys.used(settings) == {"analytics": 3, "marketing": 1}
    assert settings.used_keys.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [b"geheim", b"analytics zwei\n", b"\xff\xfe 2\n", b"analytics\n"])
def test_a_damaged_memory_is_a_refusal_and_no_traceback(settings: Settings, content: bytes) -> None:
    settings.warehouse.mkdir()
    settings.used_keys.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"keys\.used is damaged") as caught:
        keys.versions(settings)
    assert "geheim" not in str(caught.value)
    assert "zwei" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"no database"])
def test_a_publication_that_says_no_version_stops_nothing(settings: Settings, content: bytes) -> None:
    settings.published.mkdir()
    (settings.published / "analytics.duckdb").write_bytes(content)
    assert keys.published(settings, "analytics") is None
    assert keys.versions(settings) == FIRST


# --- the commands


def bigtrust(settings: Settings, *arguments: str, terminal: str | None = None) -> tuple[int, str]:
    """Run a command; `terminal` is what somebody types at a terminal (None: there is none)."""
    with pytest.MonkeyPatch.context() as patch:
        if terminal is not None:
            patch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True, raising=False)
        result = CliRunner().invoke(main, arguments, env=environment(settings.warehouse.parent), input=terminal)
    assert "Traceback" not in result.output
    return result.exit_code, result.output


def test_the_list_tells_the_version_of_each_domain_since_when_and_what_is_published(settings: Settings) -> None:
    code, output = bigtrust(settings, "keys", "list")
    assert (code, output.splitlines()) == (
        0,
        [f"{domain}: key version 1, since the first run." for domain in secret.DOMAINS],
    )
    publish(settings, "analytics", 1)
    moment = keys.rotate(settings, "analytics").rotated_at
    keys.rotate(settings, "marketing")
    output = bigtrust(settings, "keys", "list")[1]
    assert f"analytics: key version 2, since {moment}; until the next run, the publication has version 1." in output
    assert output.splitlines()[1].startswith("marketing: key version 2, since 20")
    assert "next run" not in output.splitlines()[1]


@pytest.mark.parametrize("arguments", [(), ("--yes",)])
def test_a_script_rotates_without_being_asked_and_is_told_what_happens(
    settings: Settings, arguments: tuple[str, ...]
) -> None:
    code, output = bigtrust(settings, "keys", "rotate", "--domain", "marketing", *arguments)
    assert code == 0
    assert "every person and every purchase gets another pseudonym" in output
    assert "There is no way back." in output
    assert output.splitlines()[-1] == "Rotated: marketing has key version 2. Next: bigtrust run"
    assert keys.versions(settings) == {"analytics": 1, "marketing": 2, "service": 1}


@pytest.mark.parametrize(("answer", "version"), [("n\n", 1), ("\n", 1), ("y\n", 2)])
def test_a_person_is_asked(settings: Settings, answer: str, version: int) -> None:
    code, output = bigtrust(settings, "keys", "rotate", "--domain", "analytics", terminal=answer)
    assert code == 0
    assert "Rotate? [y/N]" in output
    assert ("Nothing was changed." in output) == (version == 1)
    assert keys.versions(settings)["analytics"] == version


def test_an_unknown_domain_is_wrong_usage(settings: Settings) -> None:
    code, output = bigtrust(settings, "keys", "rotate", "--domain", "geheim")
    assert code == 2
    assert output.splitlines()[-1].startswith("Error: --domain is no pseudonymisation domain.")
    assert "geheim" not in output


def test_a_rotation_during_a_run_ends_with_exit_code_4(settings: Settings) -> None:
    with lock.exclusive(settings.warehouse):
        code, output = bigtrust(settings, "keys", "rotate", "--domain", "analytics")
    assert code == 4
    assert "holds the lock" in output


def test_a_register_that_cannot_be_written_is_one_sentence(settings: Settings) -> None:
    (settings.register / "key_rotations").write_text("")
    code, output = bigtrust(settings, "keys", "rotate", "--domain", "analytics")
    assert code == 2
    assert "The key is NOT rotated" in output.splitlines()[-1]
