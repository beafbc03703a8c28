"""Folders come from flags, then from the environment, then from defaults; what is wrong is said in one sentence."""

from dataclasses import FrozenInstanceError
from datetime import date
from pathlib import Path

import pytest

from bigtrust.errors import ConfigurationError
from bigtrust.settings import PROJECT, Settings
from warehouse import Warehouse

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


def own(root: Path, **others: str) -> Settings:
    """Six folders beside each other, but for some."""
    return Settings.load({f"BIGTRUST_{name.upper()}": str(root / others.get(name, name)) for name in FOLDERS})


@pytest.mark.parametrize("name", FOLDERS)
def test_nothing_is_written_into_a_folder_that_is_another_ones(tmp_path: Path, name: str) -> None:
    settings = own(tmp_path)
    for output in (tmp_path / name, tmp_path / name / "in" / "it"):
        with pytest.raises(ConfigurationError, match=f"lies in the {name} folder. Keys are personal data: name"):
            settings.require_elsewhere(output, "Keys")
        with pytest.raises(ConfigurationError, match=f"lies in the {name} folder. Name a folder of its own"):
            settings.require_elsewhere(output, own=tmp_path / name / "own")
    settings.require_elsewhere(tmp_path / name / "own" / "x", own=tmp_path / name / "own")
    settings.require_elsewhere(tmp_path / f"{name}-2", "Keys")


@pytest.mark.parametrize("name", [name for name in FOLDERS if name != "site"])
def test_a_folder_that_is_replaced_lies_in_no_other_one_and_holds_none(tmp_path: Path, name: str) -> None:
    own(tmp_path).require_apart("site")
    for settings in (own(tmp_path, site=name), own(tmp_path, site=f"{name}/x"), own(tmp_path, **{name: "site/x"})):
        with pytest.raises(ConfigurationError, match=rf"The site folder .* and the {name} folder .*BIGTRUST_SITE"):
            settings.require_apart("site")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("processing", "--output", "{}/landing"), "lies in the landing folder. Name a folder of its own."),
        (("processing", "--output", "{}/warehouse/runs"), "lies in the warehouse folder. Name a folder of its own."),
        (("site", "--site", "{}/ledger"), "lie in each other. Nothing was written: name a folder of its own"),
    ],
)
def test_a_command_that_writes_pages_asks_where(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    result = Warehouse(tmp_path).bigtrust(*(argument.format(tmp_path) for argument in arguments))
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())
    assert list(tmp_path.iterdir()) == []


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings.load({}).landing = Path("/elsewhere")  # type: ignore[misc]
