"""The pages load nothing, run nothing, and say what was checked."""

import re
from pathlib import Path

import pytest
from gx_shop import CANARY, Shop

from bigtrust.errors import ConfigurationError
from bigtrust.gx.suites import Rule, Suite

RULES = (
    Rule(
        "CUS-01",
        "expect_column_values_to_match_regex",
        {"column": "country", "regex": "^(?<a>[A-Z]+)$"},
        "It is <b>.",
    ),
    Rule("CUS-02", "expect_table_to_hold_rows", {}, "There are customers."),
    Rule("CUS-03", "expect_table_to_hold_no_raw_value", {}, "No raw value."),
    Rule("CUS-04", "expect_column_values_to_match_regex", {"column": "gone", "regex": "x"}, "There is a column."),
    Rule("CUS-05", "expect_column_values_to_be_in_set", {"column": "country", "value_set": ["FR", "BE"]}, "Delivery."),
    Rule("CUS-06", "expect_table_to_hold_only_rows_within_retention", {}, "Retention."),
    Rule("CUS-07", "expect_column_values_to_be_unique", {"column": "nothing"}, "Not there.", ("returns",)),
)


@pytest.fixture
def pages(shop: Shop) -> dict[str, str]:
    shop.publish(f"create table protected.customers as select '{CANARY}' as note, 'FR' as country")
    shop.publish("create view marts.customers as select *, null::int as nothing from protected.customers")
    suites = [Suite("analytics.marts.customers", RULES), Suite("analytics.protected.customers", RULES[1:2])]
    folder = shop.root / "pages" / "data_docs"
    folder.mkdir(parents=True)
    (folder / "index.html").write_text("from the run before")
    (folder / "old.html").write_text("from the run before")
    shop.judge(suites, data_docs=folder, unavailable={"returns": "landing table returns is absent or empty"})
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in files}


def test_an_index_and_a_page_per_relation_replace_the_old_pages(pages: dict[str, str]) -> None:
    assert set(pages) == {
        "index.html",
        "analytics/marts/customers.html",
        "analytics/protected/customers.html",
        "static/bootstrap.min.css",
        "static/data_docs.css",
    }
    assert 'href="analytics/marts/customers.html"' in pages["index.html"]


def test_nothing_is_loaded_from_elsewhere_and_no_script_runs(pages: dict[str, str]) -> None:
    for name, text in pages.items():
        assert "<script" not in text
        assert "@import" not in text
        # What begins with a scheme or // is elsewhere; data: holds its content itself.
        for link in re.findall(r"""(?:src|href)\s*=\s*["']?([^"'\s>]+)|url\(\s*["']?([^"')]+)""", text):
            target = link[0] or link[1]
            assert target.startswith("data:") or not re.match(r"[a-z]+:|//", target), (name, target)
        if name.endswith(".html"):
            assert "Content-Security-Policy" in text
            assert "http" not in text.replace("http-equiv", "")


def test_links_and_styles_lead_to_files_that_are_there(pages: dict[str, str]) -> None:
    for name, text in pages.items():
        if name.endswith(".html"):
            for link in re.findall(r'href="(?!data:)([^"]+)"', text):
                path = (Path("/") / name).parent.joinpath(link).resolve().relative_to("/")
                assert str(path) in pages, (name, link)


def test_a_page_says_in_sentences_what_was_checked_and_no_value(pages: dict[str, str]) -> None:
    page = pages["analytics/marts/customers.html"]
    assert "There is at least one row." in page
    assert "No column holds a raw value of a person." in page
    assert "there is no column gone" in page
    assert "landing table returns is absent or empty" in page
    assert "It is &lt;b&gt;." in page
    assert "(?&lt;a&gt;[A-Z]+)" in page
    assert "Traceback" not in page
    assert CANARY not in "".join(pages.values())
    for rule in RULES:
        assert rule.code in page
    assert "CUS-03" in pages["index.html"]


def test_a_folder_of_something_else_is_not_replaced(shop: Shop) -> None:
    shop.publish("create view marts.customers as select 'FR' as country")
    folder = shop.root / "pages"
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work")
    with pytest.raises(ConfigurationError, match="holds something else"):
        shop.judge([Suite("analytics.marts.customers", RULES[:1])], data_docs=folder)
    assert (folder / "thesis.txt").exists()
