"""What the till offers follows from governance's relations, keeps its schema, and is said in two languages."""

import json
import re
from pathlib import Path
from typing import Any

import duckdb
import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bigtrust import till
from bigtrust.settings import PROJECT

SCHEMA = json.loads((PROJECT / "docs" / "schemas" / "forget_offers.schema.json").read_text(encoding="utf-8"))
CATEGORIES = [
    ("lave-linge", "Lave-linge", "replacement_cycle", None, 120, True, True),
    ("soins/visage & co", "Soins <b>du</b> visage", "sensitive", "GDPR art. 9(1)", 12, True, True),
    ("sans nom", None, "replacement_cycle", None, 18, True, True),
    ("inconnu", None, "sensitive", "GDPR art. 9(1)", None, True, False),
    ("café", "Café", None, None, None, False, True),
]


def governance(folder: Path, categories: list[tuple[Any, ...]], days: int = 3) -> Path:
    path = folder / "governance.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            f"""
            create schema marts;
            create table marts.about as
            select * from (values ('policy_version', '2026-11-23'), ('run', '7'), ('built_at', '2026-11-23T03:15:09Z'),
                ('forget_promise_days', '{days}'), ('k', '5')) as facts(fact, value);
            create table marts.forget_offers (category_id varchar, name varchar, why varchar, legal_source varchar,
                replacement_cycle_months bigint, is_offered boolean, is_delivered boolean);
            """
        )
        for row in categories:
            connection.execute("insert into marts.forget_offers values (?, ?, ?, ?, ?, ?, ?)", row)
    return path


@pytest.fixture
def content(tmp_path: Path) -> dict[str, Any]:
    return till.offers(governance(tmp_path, CATEGORIES))


def entry(content: dict[str, Any], category_id: str) -> dict[str, Any]:
    (found,) = [entry for entry in content["categories"] if entry["category_id"] == category_id]
    return dict(found)


def test_the_file_keeps_its_schema(content: dict[str, Any], tmp_path: Path) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(content, SCHEMA)
    (tmp_path / "empty").mkdir()
    jsonschema.validate(till.offers(governance(tmp_path / "empty", [])), SCHEMA)


@pytest.mark.parametrize(
    "change",
    [
        {"offer": False},
        {"why": "profit"},
        {"sentence": {"fr": "Oublier ?"}},
        {"customer_id": "C1"},
        {"page": "https://example.org"},
    ],
)
def test_the_schema_refuses_what_no_till_should_read(content: dict[str, Any], change: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(content | {"categories": [entry(content, "lave-linge") | change]}, SCHEMA)


def test_it_says_which_policy_it_follows_and_what_is_promised(content: dict[str, Any]) -> None:
    assert (content["policy_version"], content["run"], content["built_at"]) == ("2026-11-23", 7, "2026-11-23T03:15:09Z")
    assert content["promise"] == {"within_days": 3, "at_the_latest": "P1M", "legal_source": "GDPR art. 12(3)"}


def test_what_is_bought_rarely_is_offered_with_its_cycle(content: dict[str, Any]) -> None:
    washing = entry(content, "lave-linge")
    assert washing["offer"] is True
    assert washing["why"] == "replacement_cycle"
    assert washing["sentence"] == {
        "fr": "Cela ne se rachète que tous les 10 ans environ. Voulez-vous que nous oubliions cet achat ?",
        "en": "One buys this only every 10 years or so. Shall we forget that you bought it?",
    }
    assert "18 mois" in entry(content, "sans nom")["sentence"]["fr"]


def test_every_offer_says_what_happens_by_when_and_what_the_law_keeps(content: dict[str, Any]) -> None:
    for category in content["categories"]:
        if category["offer"]:
            assert "Within 3 days." in category["by_when"]["en"]
            assert "GDPR, article 12(3)" in category["by_when"]["en"]
            assert "Sous 3 jours." in category["by_when"]["fr"]
            assert "L123-22" in category["what_the_law_keeps"]["fr"]
            assert "receipt" in category["what_happens"]["en"]


def test_a_promise_of_one_day_is_said_in_the_singular(tmp_path: Path) -> None:
    content = till.offers(governance(tmp_path, CATEGORIES, days=1))
    assert entry(content, "lave-linge")["by_when"]["en"].startswith("Within 1 day.")
    assert entry(content, "lave-linge")["by_when"]["fr"].startswith("Sous 1 jour.")


def test_a_sensitive_category_is_never_named_to_who_stands_behind(content: dict[str, Any]) -> None:
    for category_id in ("soins/visage & co", "inconnu"):
        said = entry(content, category_id)
        assert all("oins" not in text and "mois" not in text for text in said["sentence"].values())
    page = till.page(content)
    card = page[page.index('id="soins') : page.index("</section>", page.index('id="soins'))]
    assert "Soins" not in card


def test_what_is_not_offered_has_nothing_to_say(content: dict[str, Any]) -> None:
    assert entry(content, "café") == {"category_id": "café", "name": "Café", "offer": False}


def test_every_text_is_there_in_both_languages_and_different() -> None:
    def require(texts: Any, path: str) -> int:
        if set(texts) == set(till.LANGUAGES):
            assert all(isinstance(text, str) and text.strip() for text in texts.values()), path
            assert texts["fr"] != texts["en"], path
            return 1
        return sum(require(value, f"{path}.{name}") for name, value in texts.items())

    assert require(till.texts(), "texts") > 12


@given(st.lists(st.text(min_size=1), min_size=2, max_size=4, unique=True))
def test_every_category_has_an_anchor_of_its_own_that_needs_no_escape(ids: list[str]) -> None:
    ids = [text.encode("utf-8", "ignore").decode() or "x" for text in ids]
    anchors = {text: till.anchor(text) for text in set(ids)}
    assert len(set(anchors.values())) == len(anchors)
    assert all(re.fullmatch(r"[A-Za-z0-9._~-]+", anchor) for anchor in anchors.values())


@pytest.mark.parametrize(("one", "other"), [("a/b", "a~2Fb"), ("a%2Fb", "a/b"), ("~", "%7E")])
def test_anchors_that_look_alike_differ(one: str, other: str) -> None:
    assert till.anchor(one) != till.anchor(other)


def test_the_page_runs_nothing_loads_nothing_and_escapes_what_was_delivered(content: dict[str, Any]) -> None:
    page = till.page(content)
    assert "<script" not in page
    assert "<b>" not in page
    assert not re.search(r"(?:src|action|srcset)=|https?:|url\(|@import", page)
    assert set(re.findall(r'href="([^"]*)"', page)) == {
        "data:,",
        "#",
        *(f"#{till.anchor(row[0])}" for row in CATEGORIES if row[5]),
    }
    assert "default-src &#39;none&#39;; style-src &#39;sha256-" in page or "default-src 'none'" in page


def test_a_page_without_any_offer_says_so(tmp_path: Path) -> None:
    assert "No category for now." in till.page(till.offers(governance(tmp_path, CATEGORIES[-1:])))


def test_file_and_page_are_for_everybody_who_may_enter_and_replace_the_old_ones(tmp_path: Path) -> None:
    folder = tmp_path / "published" / "till"
    candidate = governance(tmp_path, CATEGORIES)
    till.publish(candidate, folder)
    till.publish(candidate, folder)
    assert sorted(path.name for path in folder.iterdir()) == ["forget_offers.json", "index.html"]
    assert folder.stat().st_mode & 0o777 == 0o755
    for path in folder.iterdir():
        assert path.stat().st_mode & 0o777 == 0o644
    assert json.loads((folder / "forget_offers.json").read_text(encoding="utf-8")) == till.offers(candidate)
