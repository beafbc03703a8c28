"""Every detail that can be landed has a name for the person whom it is about, in both languages."""

from copy import deepcopy
from dataclasses import replace

import pytest

from bigtrust import contract, details
from bigtrust.contract import Column
from bigtrust.errors import ConfigurationError
from bigtrust.settings import PROJECT


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
