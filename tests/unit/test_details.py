"""Every detail that can be landed has a name for the person whom it is about, in both languages."""

from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest

from bigtrust import contract, details, yaml_file
from bigtrust.contract import Column
from bigtrust.errors import ConfigurationError
from bigtrust.settings import PROJECT
from bigtrust.site import content
from warehouse import Warehouse


def test_every_landing_column_has_a_label_in_both_languages() -> None:
    labels = details.load(PROJECT)
    for name, table in contract.load(PROJECT).items():
        for column in table.column_names:
            assert set(labels[name][column]) == {"fr", "en"}
            assert all(label.strip() == label != "" for label in labels[name][column].values())


def test_a_landing_column_without_a_label_is_named() -> None:
    tables = dict(contract.load(PROJECT))
    shoes = Column("shoe_size", "attribute", required=False)
    tables["customers"] = replace(tables["customers"], columns=(*tables["customers"].columns, shoes))
    with pytest.raises(ConfigurationError, match=r"customers\.shoe_size .* has no label"):
        details.require_complete(details.load(PROJECT), tables)


def test_a_label_that_is_missing_in_one_language_is_named() -> None:
    labels = deepcopy(details.load(PROJECT))
    del labels["web_events"]["url"]["en"]
    with pytest.raises(ConfigurationError, match=r"web_events\.url .* has no label in every language"):
        details.require_complete(labels, contract.load(PROJECT))


def test_a_label_of_no_column_is_named() -> None:
    labels = deepcopy(details.load(PROJECT))
    labels["customers"]["shoe_size"] = {"fr": "Pointure", "en": "Shoe size"}
    with pytest.raises(ConfigurationError, match=r"customers\.shoe_size, which is no column"):
        details.require_complete(labels, contract.load(PROJECT))


@pytest.mark.parametrize("text", ["", "- a list", "a: [", "\ta: 1", None])
def test_a_file_that_is_no_yaml_with_names_is_named_with_what_to_do(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "company.yml"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"/company.yml does not hold names and values .* Correct it"):
        yaml_file.mapping(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "does not hold names"),
        ("customers:", "customers needs columns"),
        ("customers: {phone: Phone}", "a text in"),
    ],
)
def test_labels_that_cannot_be_read_are_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    monkeypatch.setattr(details, "FILE", tmp_path / "details.yml")
    details.FILE.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=f"details.yml.*{said}"):
        details.load.__wrapped__(PROJECT)


@pytest.mark.parametrize("text", ["", "address: [", "just words"])
def test_a_broken_company_file_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(content, "COMPANY", tmp_path / "company.yml")
    content.COMPANY.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"/company.yml does not hold names and values"):
        content.company(Warehouse(tmp_path).settings)
