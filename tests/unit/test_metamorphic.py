"""What a run says of the checks that build again."""

from dataclasses import replace
from pathlib import Path

import pytest

from bigtrust import changes, metamorphic
from bigtrust.errors import ConfigurationError
from bigtrust.settings import Settings
from bigtrust.verdicts import CheckResult, of_project


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return replace(
        Settings.load({}),
        project=tmp_path,
        warehouse=tmp_path / "warehouse",
        register=tmp_path / "register",
    )


def verdict(code: str, verdict: str = "passed") -> CheckResult:
    violations = int(verdict == "failed")
    return of_project(code, "metamorphic", "analytics.marts.customers", 10, violations, verdict)  # type: ignore[arg-type]


def by_code(settings: Settings) -> dict[str, CheckResult]:
    return {result.code: result for result in metamorphic.standing(settings)}


def test_what_was_never_made_is_not_applicable_and_says_how_to_make_it(settings: Settings) -> None:
    found = by_code(settings)
    assert {result.verdict for result in found.values()} == {"not applicable"}
    assert found["MET-01"].reason == "it has not been made: bigtrust check --as-if-never"
    assert found["MET-02"].reason == "it has not been made: bigtrust check --non-interference"


@pytest.mark.parametrize("said", ["passed", "failed"])
def test_a_verdict_stands_and_says_of_which_day_it_is(settings: Settings, said: str) -> None:
    metamorphic.keep(settings, [verdict("MET-02", said)], changes.basis(settings))
    found = by_code(settings)["MET-02"]
    assert (found.verdict, found.examined, found.blocks) == (said, 10, said == "failed")
    assert found.reason.startswith("made on 20")
    assert by_code(settings)["MET-01"].verdict == "not applicable"


def test_after_a_change_of_a_model_it_says_nothing(settings: Settings) -> None:
    metamorphic.keep(settings, [verdict("MET-01", "failed")], changes.basis(settings))
    (settings.project / "models").mkdir()
    (settings.project / "models" / "new.sql").write_text("select 1", encoding="utf-8")
    found = by_code(settings)["MET-01"]
    assert found.verdict == "not applicable"
    assert found.reason.startswith("models, policy or program changed since it was made on 20")


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"basis": "x"}', "\xff"])
def test_a_damaged_file_stops_with_what_to_do(settings: Settings, text: str) -> None:
    settings.metamorphic.mkdir(parents=True)
    (settings.metamorphic / "MET-01.json").write_text(text, encoding="latin-1")
    with pytest.raises(ConfigurationError, match=r"MET-01\.json is damaged. Remove it"):
        metamorphic.standing(settings)
