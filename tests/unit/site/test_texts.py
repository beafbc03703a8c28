"""What the site says is there in both languages, for all that there is, and typeset as each language is."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from bigtrust.claims import load
from bigtrust.errors import ConfigurationError
from bigtrust.settings import PROJECT
from bigtrust.site import held, pages
from bigtrust.site.words import FOLDER, LANGUAGES, words
from public_site import rows_of

TEXTS = {language: yaml.safe_load((FOLDER / f"{language}.yml").read_text(encoding="utf-8")) for language in LANGUAGES}
SOURCES = PROJECT / "models" / "staging" / "_landing__sources.yml"


def flat(content: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(content, dict):
        for key, inner in content.items():
            yield from flat(inner, f"{name}.{key}" if name else str(key))
    else:
        yield name, content


def landing() -> dict[str, list[str]]:
    (source,) = yaml.safe_load(SOURCES.read_text(encoding="utf-8"))["sources"]
    return {table["name"]: [column["name"] for column in table["columns"]] for table in source["tables"]}


def test_both_languages_have_the_same_texts_and_none_is_empty() -> None:
    french, english = (dict(flat(TEXTS[language])) for language in LANGUAGES)
    assert french.keys() == english.keys()
    assert [name for name, text in {**french, **english}.items() if not str(text).strip()] == []


def test_both_languages_fill_in_the_same_values() -> None:
    values = re.compile(r"\{\{ (\w+)|\{(\w+)\}")
    french, english = (dict(flat(TEXTS[language])) for language in LANGUAGES)
    differing = [
        name
        for name in french
        if set(values.findall(str(french[name]))) != set(values.findall(str(english[name])))
        and not name.startswith("scorecard.")  # units: a language may need to know whether there are many
    ]
    assert differing == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_column_of_the_landing_contract_is_described_and_nothing_else_is(language: str) -> None:
    tables = landing()
    columns = {
        f"{category}.{column}"
        for category, of_category in held.CATEGORIES.items()
        for table in of_category
        for column in tables[table]
    }
    assert {table for of_category in held.CATEGORIES.values() for table in of_category} == set(tables)
    assert {name for name, _ in flat(TEXTS[language]["details"])} == columns


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_that_the_policy_says_can_be_said_in_each_language(language: str) -> None:
    said = words(language)
    for table, columns in {
        "purposes": ("legal_basis", "description"),
        "retention_windows": ("legal_source",),
        "recipients": ("legal_basis",),
    }.items():
        for row in rows_of(table):
            assert all(said.policy(row[column]) for column in columns)
    assert all(said.policy(row["transfer_basis"]) for row in rows_of("recipients") if row["transfer_basis"])
    assert all(said.has(f"roles.{row['role']}") for row in rows_of("controller") if row["role"] != "controller")


def test_french_for_what_the_policy_does_not_say_is_not_kept() -> None:
    known = yaml.safe_load((FOLDER / "policy.yml").read_text(encoding="utf-8"))
    told = {
        text
        for table in ("purposes", "retention_windows", "recipients")
        for row in rows_of(table)
        for text in row.values()
    }
    assert set(known) <= told


def test_a_text_that_is_missing_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"texts/fr\.yml says nothing of details\.customers\.shoe_size"):
        words("fr").text("details.customers.shoe_size")
    with pytest.raises(ConfigurationError, match=r"policy\.yml has no French for .* 'Because we can'"):
        words("fr").policy("Because we can")
    assert words("en").policy("Because we can") == "Because we can"


def test_dates_numbers_lists_and_periods_are_written_as_one_does() -> None:
    french, english = words("fr"), words("en")
    assert (french.date("2026-03-01"), english.date("2026-03-01")) == ("1er mars 2026", "1 March 2026")
    assert (french.number(1234.5), english.number(1234.5)) == ("1\u00a0234,5", "1,234.5")
    assert french.enumeration(["a", "b", "c"]) == "a, b et c"
    assert (french.period(12), french.period(36), french.period(25)) == ("1 an", "3 ans", "25 mois")
    assert (english.period(12), english.period(30)) == ("1 year", "30 months")
    assert french.month("2026-08") == "août 2026"
    assert french.moment("2026-11-26T11:05:59Z") == "26 novembre 2026 à 11:05 (UTC)"


def test_french_keeps_its_marks_on_the_line() -> None:
    assert words("fr").typeset("C'est « sûr » : n° 3 ?") == "C\u2019est «\u00a0sûr\u00a0»\u00a0: n°\u00a03\u00a0?"
    assert words("en").typeset("It's sure: no?") == "It\u2019s sure: no?"


def test_every_claim_is_on_a_page_besides_the_one_that_lists_them_all() -> None:
    templates = "".join((pages.FOLDER / f"{page}.j2").read_text(encoding="utf-8") for page in pages.PAGES)
    assert [claim.code for claim in load() if f'"{claim.code}"' not in templates] == []
    named = set(re.findall(r'"([A-Z]+-\d+)"', templates))
    assert named <= {claim.code for claim in load()}
