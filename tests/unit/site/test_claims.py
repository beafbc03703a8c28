"""Every claim rests on checks, every check is behind a claim, and what is missing is named."""

from pathlib import Path

import pytest
import yaml

from bigtrust import claims, registry
from bigtrust.claims import Claim
from bigtrust.errors import ConfigurationError
from bigtrust.settings import PROJECT

GOOD = Claim("KEEP-1", ("RET-01",), {"en": "A sentence.", "fr": "Une phrase."})


def test_every_check_of_the_project_is_behind_a_claim_in_both_languages() -> None:
    found = claims.load()
    claims.require_complete(found, [check.code for check in registry.every(PROJECT)])
    assert 20 <= len(found) <= 45


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ([GOOD, Claim("KEEP-2", (), GOOD.texts)], "KEEP-2 has no rule"),
        ([Claim("KEEP-1", ("RET-01", "RET-99"), GOOD.texts)], "KEEP-1 rests on RET-99, which is no check"),
        ([Claim("KEEP-1", ("RET-01",), {"en": "A sentence.", "fr": " "})], "KEEP-1 has no sentence in fr"),
        ([Claim("KEEP-1", ("RET-01",), {"fr": "Une phrase."})], "KEEP-1 has no sentence in en"),
        ([GOOD, GOOD], "KEEP-1 is there 2 times"),
    ],
)
def test_a_claim_that_is_not_complete_is_refused_by_name(wrong: list[Claim], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        claims.require_complete(wrong, ["RET-01"])


def test_a_check_without_a_claim_is_refused_by_name() -> None:
    with pytest.raises(ConfigurationError, match="no claim rests on RET-02"):
        claims.require_complete([GOOD], ["RET-01", "RET-02"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- {code: KEEP-1, rules: [RET-01], en: A, fr: B, de: C}", "entry 1: de is unknown"),
        ("- {code: keep, rules: [RET-01], en: A, fr: B}", "entry 1: the code is not of the form"),
        ("- {code: KEEP-1, rules: RET-01, en: A, fr: B}", "entry 1: rules is no list"),
        ("- {code: KEEP-1, rules: [RET-01], en: [A], fr: B}", "entry 1: a sentence is no text"),
        ("code: KEEP-1", "is no list of claims"),
        ("- [", "cannot be read as YAML"),
    ],
)
def test_a_file_that_is_no_list_of_claims_is_refused_with_the_place(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "claims.yml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=message):
        claims.load(file)


def test_codes_are_permanent_so_the_file_keeps_its_order_and_its_areas() -> None:
    codes = [entry["code"] for entry in yaml.safe_load(claims.FILE.read_text(encoding="utf-8"))]
    areas = [code.partition("-")[0] for code in codes]
    assert list(dict.fromkeys(areas)) == ["HOLD", "PROTECT", "SEE", "KEEP", "FORGET", "OFFER", "SHARE", "CHECK"]
    for area in dict.fromkeys(areas):
        numbers = [int(code.partition("-")[2]) for code in codes if code.startswith(f"{area}-")]
        assert numbers == sorted(numbers)
