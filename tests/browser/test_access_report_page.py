"""An access report in a real browser, without a network: both languages, telephone and desk, by day and by night."""

from collections.abc import Callable, Iterator
from pathlib import Path

import axe_playwright_python
import duckdb
import pytest
from playwright.sync_api import Page, sync_playwright

from bigtrust import access
from warehouse import Warehouse

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--no-first-run"),
]
TELEPHONE, DESK = (360, 740), (1280, 900)
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
Opened = Callable[..., Page]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("access report"),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Debian's package chromium"),
]


@pytest.fixture(scope="module")
def reports(published: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The page about a customer who asked to forget something, in both languages."""
    warehouse = published.copy(tmp_path_factory.mktemp("reports") / "warehouse")
    with duckdb.connect() as connection:
        customer = connection.execute(
            f"""
            select requests.customer_id
            from '{warehouse.landing}/erasure_requests.parquet' as requests
            inner join '{warehouse.landing}/web_events.parquet' as events on requests.customer_id = events.customer_id
            where requests.withdrawn_at is null group by all order by count(*) desc limit 1
            """
        ).fetchall()[0][0]
    pages = {}
    for language in ("fr", "en"):
        output = warehouse.root / language
        access.write(warehouse.settings, customer, output, language)
        pages[language] = output / access.PAGE
    return pages


@pytest.fixture
def opened(reports: dict[str, Path]) -> Iterator[Opened]:
    """Opens the page; afterwards, nothing may have been asked of anybody, and nothing complained."""
    complaints: list[str] = []
    requests: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)

        def open_page(language: str, size: tuple[int, int], scheme: str = "light") -> Page:
            page = browser.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)  # type: ignore[arg-type]
            page.on("console", lambda message: complaints.append(message.text))
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("requestfailed", lambda request: complaints.append(request.url))
            page.on("request", lambda request: requests.append(request.url))
            page.goto(reports[language].as_uri())
            return page

        yield open_page
        browser.close()
    assert complaints == []
    assert requests
    files = tuple(page.as_uri() for page in reports.values())
    assert all(request.startswith((*files, "data:,")) for request in requests)


@pytest.mark.parametrize(
    ("language", "size", "scheme"),
    [("fr", TELEPHONE, "dark"), ("fr", DESK, "light"), ("en", TELEPHONE, "light"), ("en", DESK, "dark")],
)
def test_it_is_accessible_and_fits_the_screen(
    opened: Opened, language: str, size: tuple[int, int], scheme: str
) -> None:
    page = opened(language, size, scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    # the rows of a table are alike, and axe looks at every single one
    page.evaluate(
        """
        document.querySelectorAll('tbody').forEach(rows => [...rows.children].slice(3).forEach(row => row.remove()));
        document.querySelectorAll('details').forEach(details => {
            [...details.querySelectorAll('.record')].slice(3).forEach(record => record.remove());
            details.open = true;
        });
        """
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    found = page.evaluate(f"{AXE}; axe.run(document, {{runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']}})")
    assert len(found["passes"]) > 15
    assert [(violation["id"], violation["nodes"][0]["html"]) for violation in found["violations"]] == []


@pytest.mark.parametrize(
    ("language", "title", "foreign"),
    [
        ("fr", "Ce que nous savons de vous", ("Your purchases", "Legal basis")),
        ("en", "What we hold about you", ("Vos achats", "Base légale")),
    ],
)
def test_it_leads_to_every_section_in_its_own_language(
    opened: Opened, language: str, title: str, foreign: tuple[str, ...]
) -> None:
    page = opened(language, TELEPHONE)
    assert page.locator("h1").inner_text() == title
    text = page.inner_text("body")
    assert not [word for word in foreign if word in text]
    assert "CNIL" in text
    assert "3, place de Fontenoy" in text
    links = page.locator("nav a")
    assert links.count() > 10
    for link in links.all():
        target = link.get_attribute("href") or ""
        assert page.locator(f"h2{target}").inner_text() == link.inner_text()


def test_a_long_table_is_folded_and_opens_from_the_keyboard(opened: Opened) -> None:
    page = opened("fr", DESK)
    visits = page.locator("section:has(> #web_events) details")
    assert not visits.locator(".record").first.is_visible()
    visits.locator("summary").focus()
    page.keyboard.press("Enter")
    assert visits.locator(".record").first.is_visible()
    assert "Adresse IP" in visits.inner_text()


def test_printed_every_row_is_there(opened: Opened) -> None:
    page = opened("fr", DESK)
    page.emulate_media(media="print")
    rows = page.locator("section:has(> #purchases) tbody tr")
    assert rows.count() > 10
    assert rows.last.is_visible()
    assert not page.locator("nav").is_visible()
