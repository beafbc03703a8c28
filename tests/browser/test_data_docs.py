"""Data Docs in a real browser, without a network."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import Page, sync_playwright

from bigtrust.gx.suites import Rule, Suite
from bigtrust.gx.validate import validate

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--no-first-run"),
]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Debian's package chromium"),
]


@pytest.fixture(scope="module")
def data_docs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("checks")
    with duckdb.connect(str(root / "analytics.duckdb")) as connection:
        connection.execute("create schema marts; create table marts.customers as select 'FR' as country, 1 as number")
    rules = (
        Rule("CUS-01", "expect_column_values_to_match_regex", {"column": "country", "regex": "^[A-Z]{2}$"}, "A code."),
        Rule(
            "CUS-02", "expect_column_values_to_be_in_set", {"column": "country", "value_set": ["BE", "DE"]}, "A list."
        ),
        Rule("CUS-03", "expect_table_to_hold_rows", {}, "There are customers."),
        Rule("CUS-04", "expect_table_columns_to_match_ordered_list", {"column_list": ["country"]}, "One column."),
    )
    suites = [Suite("analytics.marts.customers", rules)]
    files = {"analytics": root / "analytics.duckdb"}
    validate(files, None, suites, today=date(2026, 3, 1), k=5, data_docs=root / "data_docs")
    return root / "data_docs"


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser.new_page()
        browser.close()


def test_the_pages_are_styled_linked_and_load_nothing_from_elsewhere(data_docs: Path, page: Page) -> None:
    complaints: list[str] = []
    requests: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: complaints.append(request.url))
    page.on("request", lambda request: requests.append(request.url))

    page.goto((data_docs / "index.html").as_uri())
    assert page.inner_text("h1") == "Checks of the publications"
    assert "4 checks: 2 passed, 2 failed, 0 not applicable." in page.inner_text("body")
    page.click("text=analytics.marts.customers >> nth=0")
    assert page.inner_text("h1") == "analytics.marts.customers"
    text = page.inner_text("body")
    assert "There is at least one row." in text
    assert "values must belong to this set: BE DE." in text
    failed = page.locator(".verdict.failed")
    assert failed.count() == 2
    # The style sheets of the page apply, and what Great Expectations marks as a badge looks like one.
    assert failed.first.evaluate("element => getComputedStyle(element).fontWeight") == "600"
    assert page.locator(".badge").first.evaluate("element => getComputedStyle(element).borderRadius") == "4px"
    page.click("text=All relations")
    assert page.inner_text("h1") == "Checks of the publications"

    assert complaints == []
    assert requests
    assert all(request.startswith(data_docs.as_uri()) for request in requests)
