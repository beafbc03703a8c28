"""The summary page in a real browser, without a network: after a run that published, and after one that was refused."""

import re
import shutil
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from warehouse import PUBLICATIONS, Warehouse, show_areas_as_countries

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--no-first-run"),
]
TELEPHONE, DESK = (390, 844), (1280, 800)
OUTCOMES = ("published", "refused")
Opened = Callable[..., Page]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("summary page"),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Debian's package chromium"),
]


@pytest.fixture(scope="module")
def warehouses(published: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The page after a run that published and was reviewed, and after one whose country holds a postal area."""
    warehouse = published.copy(tmp_path_factory.mktemp("summary") / "warehouse")
    review = ("review", "--run", "1", "--by", "Claire Martin", "--note", "Rejected rows go back to the shop system.")
    assert warehouse.bigtrust(*review).exit_code == 0
    assert warehouse.bigtrust("measure", "--sample", "20").exit_code == 0
    found = {"published": Path(shutil.copytree(warehouse.settings.warehouse, warehouse.root / "published.copy"))}
    show_areas_as_countries(warehouse.own_project())
    refusal = warehouse.bigtrust("run")
    assert refusal.exit_code == 1, refusal.output
    assert f"Summary of the run: {warehouse.settings.summary}" in refusal.stdout
    found["refused"] = warehouse.settings.warehouse
    return {name: folder / "pages" / "index.html" for name, folder in found.items()}


@pytest.fixture
def opened(warehouses: dict[str, Path]) -> Iterator[Opened]:
    """Opens the page; afterwards, nothing may have been asked of anybody, and nothing complained."""
    complaints: list[str] = []
    requests: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)

        def open_page(outcome: str, size: tuple[int, int] = DESK, scheme: str = "light") -> Page:
            width, height = size
            page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
            page.on("console", lambda message: complaints.append(message.text))
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("requestfailed", lambda request: complaints.append(request.url))
            page.on("request", lambda request: requests.append(request.url))
            page.goto(warehouses[outcome].as_uri())
            return page

        yield open_page
        browser.close()
    assert complaints == []
    folders = tuple(path.parents[1].as_uri() for path in warehouses.values())
    assert requests
    assert all(request.startswith((*folders, "data:,")) for request in requests)


def test_after_a_run_that_published_it_says_so_and_what_was_checked(opened: Opened) -> None:
    page = opened("published")
    assert page.title() == "Run 1 published · Big Trust"
    assert page.inner_text("h1") == "Run 1 published"
    assert re.match(
        r"Run 1 was published \(checks: [\d,]+ passed, 0 failed, \d+ not applicable\)\.", page.inner_text(".lead")
    )
    assert page.locator("#failed").count() == 0
    text = page.inner_text("main")
    for table in ("customers", "purchase_lines"):
        assert table in page.inner_text("#rows")
    assert "Rejected rows go back to the shop system." in page.inner_text("#reviews")
    assert "Without a review" not in text
    assert cells(page)["PAT-01"]["analytics"].startswith("passed on ")
    assert cells(page)["PSE-01"]["insights"] == "not made"


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_it_says_how_easily_somebody_is_recognised_in_each_publication_and_what_that_means(
    opened: Opened, outcome: str
) -> None:
    page = opened(outcome)
    section = page.locator("#reidentification")
    assert "on the publications of run 1. Pseudonymised data is personal data" in section.inner_text()
    assert section.locator("h3").all_inner_texts() == sorted(PUBLICATIONS)
    for name in PUBLICATIONS:
        rows = section.get_by_role("table", name=f"What attacks found in {name}").locator("tbody tr").all()
        assert rows
        assert all(row.locator("td.text").inner_text().endswith(".") for row in rows)
    analytics = section.get_by_role("table", name="What attacks found in analytics")
    exact = analytics.get_by_role("row", name="Singled out by known purchases: day and product")
    assert "4 known: 100 %" in exact.inner_text()


def test_after_a_refused_run_it_says_what_failed_and_leads_to_its_page(opened: Opened) -> None:
    page = opened("refused")
    assert page.inner_text("h1") == "Run 2 refused"
    assert "nothing was published. The publications are still those of run 1." in page.inner_text(".lead")
    failed = page.inner_text("#failed")
    assert "CUS-05" in failed
    assert "analytics.marts.customers, column country" in failed
    assert cells(page)["written rules"]["analytics"].startswith("failed on ")
    assert page.get_by_role("table", name="Written rules of run 2").is_visible(), "what failed is not folded away"
    assert "Without a review, among the runs above: 2 (refused)." in page.inner_text("#reviews")
    page.click("#failed a >> nth=0")
    assert page.inner_text("h1") == "analytics.marts.customers"
    page.go_back()
    page.click("text=Data Docs >> nth=0")
    assert page.inner_text("h1") == "Checks of the publications"


def cells(page: Page) -> dict[str, dict[str, str]]:
    """The matrix of checks, by code and publication, in words alone."""
    rows: dict[str, dict[str, str]] = page.evaluate(
        """() => {
            const table = document.querySelector('#checks table');
            const names = [...table.tHead.rows[0].cells].slice(1).map(cell => cell.innerText);
            return Object.fromEntries([...table.tBodies[0].rows].map(row => [
                row.cells[0].innerText.split('\\n')[0],
                Object.fromEntries(names.map((name, i) => [name, row.cells[i + 1].innerText.replace(/\\s+/g, ' ')])),
            ]));
        }"""
    )
    return rows


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_every_cell_of_the_matrix_says_its_verdict_and_counts_in_words(opened: Opened, outcome: str) -> None:
    found = [text for row in cells(opened(outcome)).values() for text in row.values()]
    said = re.compile(r"(passed|failed|not applicable) on [\d,]+ [\d,]+ examined [\d,]+ violations?\b.*|not made")
    assert len(found) > 50
    assert [text for text in found if not said.fullmatch(text)] == []


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_screen_readers_find_landmarks_headings_captions_and_the_chart_in_words(opened: Opened, outcome: str) -> None:
    page = opened(outcome)
    assert page.get_attribute("html", "lang") == "en"
    for role in ("banner", "navigation", "main", "contentinfo"):
        assert page.get_by_role(role).count() == 1, role  # type: ignore[arg-type]
    levels = page.evaluate("[...document.querySelectorAll('h1, h2, h3, h4')].map(h => Number(h.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(level <= before + 1 for before, level in pairwise(levels))
    tables = page.locator("table").all()
    assert len(tables) > 6
    for table in tables:
        assert table.locator("caption").text_content()
        assert table.locator("thead th:not([scope=col]), tbody th:not([scope=row]), thead td").count() == 0
        assert table.locator("tbody tr").count() == table.locator("tbody th[scope=row]").count()
    chart = page.get_by_role("img", name=re.compile("run"))
    assert chart.count() == 1
    assert "the outcome of each" in chart.locator("desc").text_content()  # type: ignore[operator]
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(element => element.id)")
    assert len(ids) == len(set(ids))
    named = page.evaluate(
        "[...document.querySelectorAll('[aria-labelledby]')].flatMap(e => e.getAttribute('aria-labelledby').split(' '))"
    )
    assert set(named) <= set(ids)
    links = page.evaluate("[...document.querySelectorAll('a[href^=\"#\"]')].map(a => a.getAttribute('href').slice(1))")
    assert set(links) <= set(ids)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_the_keyboard_reaches_everything_in_the_order_of_the_page(opened: Opened, outcome: str) -> None:
    page = opened(outcome)
    page.keyboard.press("Tab")
    skip = page.locator(":focus")
    assert skip.inner_text() == "Skip to the verdict"
    assert skip.evaluate("element => element.getBoundingClientRect().left") >= 0, "shown once it has the focus"
    expected = page.locator("a, summary, [tabindex='0']").filter(visible=True).count()
    tops = [focused(page)]
    for _ in range(expected - 1):
        page.keyboard.press("Tab")
        tops.append(focused(page))
    assert len({element for element, _, _ in tops}) == expected
    assert all(outline == "solid" for _, _, outline in tops), "whoever uses the keyboard sees where they are"
    positions = [position for _, position, _ in tops[1:]]
    assert positions == sorted(positions), "in the order in which it is read"


def focused(page: Page) -> tuple[int, float, str]:
    """The element that has the focus: its number, where it is, how it is marked."""
    number, top, outline = page.evaluate(
        """() => {
            const element = document.activeElement;
            const top = Math.round((element.closest('nav') || element).getBoundingClientRect().top + scrollY);
            return [[...document.querySelectorAll('*')].indexOf(element), top, getComputedStyle(element).outlineStyle];
        }"""
    )
    return number, top, outline


def test_the_skip_link_leads_past_the_navigation_and_details_open_with_enter(opened: Opened) -> None:
    page = opened("published")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Data Docs"
    page.locator("#trend summary").focus()
    assert not page.get_by_role("table", name="The last runs").is_visible()
    page.keyboard.press("Enter")
    assert page.get_by_role("table", name="The last runs").is_visible()


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_on_a_narrow_screen_wide_tables_scroll_by_themselves_and_the_page_does_not(
    opened: Opened, outcome: str
) -> None:
    page = opened(outcome, TELEPHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= TELEPHONE[0]
    region = page.get_by_role("region", name=re.compile("by code and publication")).first
    assert region.evaluate("element => element.scrollWidth > element.clientWidth")
    region.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    page.wait_for_function("() => document.activeElement.scrollLeft > 0")


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read_by_day_and_by_night(opened: Opened, outcome: str, scheme: str) -> None:
    page = opened(outcome, DESK, scheme)
    assert (brightness(page.evaluate("getComputedStyle(document.body).backgroundColor")) < 0.5) == (scheme == "dark")
    colours = page.evaluate(COLOURS)
    assert len(colours) > 3
    for colour, background, text in colours:
        assert contrast(colour, background) >= 4.5, text  # WCAG 2.2, 1.4.3
    marks = page.evaluate(MARKS)
    assert marks
    for colour, background in marks:
        assert contrast(colour, background) >= 3, colour  # WCAG 2.2, 1.4.11


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_printed_nothing_is_cut_off_or_folded_away(opened: Opened, outcome: str) -> None:
    page = opened(outcome, (1017, 719), "dark")  # A4 landscape without its margins
    page.emulate_media(media="print", color_scheme="dark")
    assert brightness(page.evaluate("getComputedStyle(document.body).backgroundColor")) == 1, "no ink for a dark page"
    assert not page.get_by_role("navigation").is_visible()
    assert page.get_by_role("table", name="The last runs").is_visible()
    wide = page.evaluate(
        "[...document.querySelectorAll('.wide')].filter(e => e.getBoundingClientRect().x + e.scrollWidth > 1018).length"
    )
    assert wide == 0
    assert page.evaluate("getComputedStyle(document.querySelector('.wide')).overflowX") == "visible"
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")


# Every pair of colours in which text is set, with an example.
COLOURS = """() => {
    const found = new Map();
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const element = texts.currentNode.parentElement;
        const isSeen = element.checkVisibility() && !element.closest('title, desc');
        if (!isSeen || !texts.currentNode.textContent.trim()) continue;
        let beneath = element;
        while (getComputedStyle(beneath).backgroundColor === 'rgba(0, 0, 0, 0)') beneath = beneath.parentElement;
        const style = getComputedStyle(element);
        const pair = [element.closest('svg') ? style.fill : style.color, getComputedStyle(beneath).backgroundColor];
        found.set(pair.join(), [...pair, texts.currentNode.textContent.trim()]);
    }
    return [...found.values()];
}"""
# The marks of the chart.
MARKS = """() => [...document.querySelectorAll('svg .mark-symbol path, svg .mark-rect path')].map(mark => [
    getComputedStyle(mark).fill, getComputedStyle(mark.closest('figure')).backgroundColor,
])"""


def brightness(colour: str) -> float:
    """Relative luminance of `rgb(…)` (WCAG 2.2)."""
    channels = [int(value) / 255 for value in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours (WCAG 2.2)."""
    light, dark = sorted((brightness(one), brightness(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
