"""The record of processing activities and the data inventory in a real browser, without a network."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright

from bigtrust import policy
from warehouse import Warehouse, replace_in

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--no-first-run"),
]
TELEPHONE, DESK = (360, 740), (1280, 800)
PAGES = ("index.html", "inventory.html")
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
Opened = Callable[..., Page]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("processing"),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Debian's package chromium"),
]


@pytest.fixture(scope="module")
def folder(published: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The record after a window became shorter and a recipient in another country came."""
    warehouse = Warehouse(tmp_path_factory.mktemp("record"))
    for name in ("lineage", "policy", "runs"):
        shutil.copytree(published.settings.warehouse / name, warehouse.settings.warehouse / name)
    warehouse.settings.dbt_target.mkdir(parents=True)
    shutil.copy(published.settings.dbt_target / "manifest.json", warehouse.settings.dbt_target)
    shutil.copytree(published.settings.summary.parent, warehouse.settings.summary.parent, dirs_exist_ok=True)
    tables = warehouse.own_project() / "seeds" / "policy"
    assert warehouse.bigtrust("processing").exit_code == 0
    replace_in(tables / "retention_windows.csv", "web_events,analytics,25", "web_events,analytics,13")
    with (tables / "recipients.csv").open("a", encoding="utf-8") as file:
        file.write(
            "loterie,Loterie SA,CH,partner_sharing,Consent (GDPR art. 6(1)(a)),email,2026-01-01,Adequacy decision\n"
        )
    replace_in(tables / "settings.csv", "policy_version,", "policy_version,next-")
    policy.put_aside(warehouse.settings)
    policy.remember(warehouse.settings)
    result = warehouse.bigtrust("processing")
    assert "Version 2" in result.output
    return warehouse.settings.summary.parent / "processing"


@pytest.fixture
def opened(folder: Path) -> Iterator[Opened]:
    """Opens a page; afterwards, nothing may have been asked of anybody, and nothing complained."""
    complaints: list[str] = []
    requests: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)

        def open_page(name: str, size: tuple[int, int] = DESK, scheme: str = "light") -> Page:
            width, height = size
            page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
            page.on("console", lambda message: complaints.append(message.text))
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("requestfailed", lambda request: complaints.append(request.url))
            page.on("request", lambda request: requests.append(request.url))
            page.goto((folder / name).as_uri())
            return page

        yield open_page
        browser.close()
    assert complaints == []
    assert requests
    assert all(request.startswith((folder.parent.as_uri(), "data:,")) for request in requests)


def test_the_record_answers_each_letter_of_article_30(opened: Opened) -> None:
    page = opened("index.html")
    assert page.inner_text("h1") == "Record of processing activities"
    headings = " ".join(page.locator("h2").all_inner_texts())
    for letter in ("art. 30(1)(a)", "(b) to (f)", "(d) and (e)", "(f)", "(g)"):
        assert letter in headings
    marketing = page.locator("#activity-marketing").inner_text()
    assert "Consent (GDPR art. 6(1)(a))" in marketing
    assert "purchases: 120 months from purchase" in marketing
    assert "Courriels de Loire SAS (FR)" in marketing
    assert "Adequacy decision" in page.locator("#activity-partner_sharing").inner_text()


def test_what_changed_stands_at_the_top_and_where_it_changed(opened: Opened) -> None:
    page = opened("index.html")
    changes = page.get_by_role("table", name="Rows that were added, removed or changed")
    row = changes.get_by_role("row", name="Time limit analytics · web events")
    assert row.locator("del").inner_text() == "25 months"
    assert row.locator("ins").inner_text() == "13 months"
    limits = page.get_by_role("table", name="Time limits, by activity and category of data")
    assert [text.split() for text in limits.locator("ins").all_inner_texts()] == [["is:", "13", "months"]]
    added = page.get_by_role("table", name="Recipients, by name and activity").locator("tr.new")
    assert added.count() == 1
    assert "new" in added.inner_text()


def test_the_inventory_says_of_an_address_that_it_goes_nowhere_and_of_a_birth_date_what_it_becomes(
    opened: Opened,
) -> None:
    page = opened("inventory.html")
    customers = page.get_by_role("table", name="Columns of customers", exact=True)
    assert "nowhere" in customers.get_by_role("row", name="email E-mail address.").inner_text()
    birth = customers.get_by_role("row", name="birth_date Date of birth.").inner_text()
    assert "analytics.customers.birth_decade, as generalised by birth decade" in birth
    page.get_by_role("link", name="Record of processing activities").click()
    assert page.inner_text("h1") == "Record of processing activities"
    page.get_by_role("link", name="time limits", exact=True).wait_for()


@pytest.mark.parametrize(("size", "scheme"), [(TELEPHONE, "dark"), (DESK, "light")], ids=["telephone", "desk"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    opened: Opened, name: str, size: tuple[int, int], scheme: str
) -> None:
    page = opened(name, size, scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(element => element.id)")
    assert len(ids) == len(set(ids))
    # hundreds of rows are of one form, and axe looks at each: of every table, the first ones and those that are new
    page.evaluate("document.querySelectorAll('tbody tr:nth-child(n + 3):not(.new)').forEach(row => row.remove())")
    found = Axe().run(page, options=WCAG).response["violations"]
    assert json.dumps([(rule["id"], len(rule["nodes"]), rule["nodes"][0]["html"]) for rule in found]) == "[]"


@pytest.mark.parametrize("name", PAGES)
def test_a_row_is_a_card_on_a_telephone_and_keeps_its_headings(opened: Opened, name: str) -> None:
    page = opened(name, TELEPHONE)
    cell = page.locator("table.cards tbody td").first
    assert cell.evaluate("element => getComputedStyle(element).display") == "block"
    assert cell.evaluate("element => getComputedStyle(element, '::before').content").startswith('"')
    assert page.get_by_role("columnheader").count() > 3
    wide = "[...document.querySelectorAll('.wide')].filter(e => e.scrollWidth > e.clientWidth + 1).length"
    assert page.evaluate(wide) == 0, "nobody needs to scroll sideways"


@pytest.mark.parametrize("name", PAGES)
def test_it_prints_on_a4_with_everything_that_is_folded(opened: Opened, name: str, tmp_path: Path) -> None:
    page = opened(name)
    page.emulate_media(media="print")
    folded = page.locator("details li").first
    assert folded.is_visible()
    assert not page.locator("nav").first.is_visible()
    page.pdf(path=str(tmp_path / "page.pdf"), prefer_css_page_size=True)
    assert (tmp_path / "page.pdf").stat().st_size > 10_000
