"""Folders come from flags, then from the environment, then from defaults; what is wrong is said in one sentence."""

from dataclasses import FrozenInstanceError
from datetime import date
from pathlib import Path

import pytest

from bigtrust.errors import ConfigurationError
from bigtrust.settings import PROJECT, Settings

FOLDERS = ("landing", "warehouse", "published", "register", "site", "ledger")


def test_the_defaults_lie_under_the_project() -> None:
    settings = Settings.load({})
    assert settings.project == PROJECT
    assert all(getattr(settings, name) == PROJECT / name for name in FOLDERS)
    assert settings.secret_file == PROJECT / ".secrets" / "pseudonymisation.key"
    assert settings.as_of is None


@pytest.mark.parametrize("name", FOLDERS)
def test_the_environment_wins_over_the_default_and_a_flag_over_both(tmp_path: Path, name: str) -> None:
    environment = {"BIGTRUST_PROJECT": str(tmp_path), f"BIGTRUST_{name.upper()}": "from_environment"}
    assert getattr(Settings.load(environment), name) == tmp_path / "from_environment"
    assert getattr(Settings.load(environment, **{name: "from_flag"}), name) == tmp_path / "from_flag"
    assert getattr(Settings.load(environment, **{name: None}), name) == tmp_path / "from_environment"


def test_an_empty_variable_is_as_if_it_were_not_set() -> None:
    environment = {"BIGTRUST_PROJECT": "", "BIGTRUST_LANDING": "", "BIGTRUST_AS_OF": "", "BIGTRUST_SECRET_FILE": ""}
    assert Settings.load(environment) == Settings.load({})


def test_every_path_is_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    environment = {f"BIGTRUST_{name.upper()}": f"there/{name}" for name in FOLDERS}
    settings = Settings.load({"BIGTRUST_PROJECT": ".", "BIGTRUST_SECRET_FILE": "key", **environment})
    paths = [settings.vault, settings.candidates, settings.runs, settings.dbt_target, settings.dbt_logs]
    assert all(path.is_absolute() for path in [*paths, *(getattr(settings, name) for name in FOLDERS)])
    assert settings.secret_file == tmp_path / "key"


def test_a_folder_that_is_a_file_is_named_with_its_variable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match=r"published folder: .*/file is a file\. Set BIGTRUST_PUBLISHED"):
        Settings.load({}, published=str(tmp_path / "file"))


def test_a_date_stands_for_today() -> None:
    assert Settings.load({"BIGTRUST_AS_OF": "2025-01-31"}).as_of == date(2025, 1, 31)
    assert Settings.load({"BIGTRUST_AS_OF": "2025-01-31"}, as_of="2024-02-29").as_of == date(2024, 2, 29)


@pytest.mark.parametrize(
    "text", ["yesterday", "2025-02-30", "20250131", "2025-W05-5", "31/01/2025", "2025-01-31 ", "'"]
)
def test_what_is_no_date_is_refused_without_quoting_it(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"--as-of \(BIGTRUST_AS_OF\) is not a date") as caught:
        Settings.load({"BIGTRUST_AS_OF": text})
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_settings_survive_the_way_through_the_environment(tmp_path: Path) -> None:
    folders = {f"BIGTRUST_{name.upper()}": str(tmp_path / name) for name in FOLDERS}
    settings = Settings.load({**folders, "BIGTRUST_SECRET_FILE": str(tmp_path / "key"), "BIGTRUST_AS_OF": "2025-01-31"})
    assert Settings.load(settings.environment()) == settings
    assert Settings.load(Settings.load({}).environment()) == Settings.load({})


def test_the_environment_that_is_handed_on_holds_no_secret(tmp_path: Path) -> None:
    settings = Settings.load({"DBT_ENV_SECRET_BIGTRUST": "5ec2e7" * 12, "BIGTRUST_LANDING": str(tmp_path)})
    assert not any("5ec2e7" in value for value in settings.environment().values())
    assert "5ec2e7" not in repr(settings)


def test_two_sets_of_folders_share_nothing(tmp_path: Path) -> None:
    def load(root: Path) -> Settings:
        return Settings.load({f"BIGTRUST_{name.upper()}": str(root / name) for name in FOLDERS})

    first, second = load(tmp_path / "first"), load(tmp_path / "second")
    for settings, root in ((first, tmp_path / "first"), (second, tmp_path / "second")):
        written = [settings.vault, settings.candidates, settings.runs, settings.dbt_target, settings.dbt_logs]
        written += [settings.data_docs, *(getattr(settings, name) for name in FOLDERS)]
        assert all(path.is_relative_to(root) for path in written)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings.load({}).landing = Path("/elsewhere")  # type: ignore[misc]
