"""dbt's documentation in a real browser: it shows models, columns and the lineage graph, and asks nobody."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from bigtrust import documentation
from warehouse import Warehouse

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--no-first-run"),
]
Opened = Callable[[str], Page]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("documentation"),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Debian's package chromium"),
]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the project."""
    return documentation.write(Warehouse(tmp_path_factory.mktemp("documentation")).settings)


@pytest.fixture(params=["served", "as a file"])
def opened(path: Path, request: pytest.FixtureRequest) -> Iterator[Opened]:
    """Opens a place of the page, served or as a file; afterwards, nobody else was asked, and nothing complained."""
    complaints: list[str] = []
    requests: list[str] = []
    with documentation.serving(path, 0) as served, sync_playwright() as playwright:
        address = served if request.param == "served" else path.as_uri()
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)

        def open_page(fragment: str) -> Page:
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.on("console", lambda message: complaints.append(message.text))
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("request", lambda asked: requests.append(asked.url))
            page.goto(f"{address}{fragment}")
            return page

        yield open_page
        browser.close()
    assert complaints == []
    assert requests
    assert all(asked == address or asked.startswith((f"{address}#", "data:")) for asked in requests)


def test_it_opens_with_what_the_project_is(opened: Opened) -> None:
    page = opened("")
    page.get_by_role("heading", name="Big Trust").wait_for()
    assert "what the source systems deliver" in page.inner_text("body")


def test_a_model_has_its_description_its_columns_with_types_and_its_owner(opened: Opened) -> None:
    page = opened("#!/model/model.big_trust.analytics__customers")
    page.get_by_role("heading", name="analytics__customers").wait_for()
    text = page.inner_text("body")
    assert "Persons who were in contact with the company within the retention window." in text
    assert "birth_decade" in text
    assert "integer" in text
    assert "analytics@example.com" in text


def test_the_lineage_graph_is_drawn_from_the_delivery_to_the_use(opened: Opened) -> None:
    page = opened("#!/exposure/exposure.big_trust.campaign_planning?g_v=1&g_i=%2Bexposure:campaign_planning")
    page.get_by_text("Lineage Graph").wait_for()
    page.wait_for_function("document.querySelectorAll('canvas').length > 0")
    page.wait_for_function(
        """() => [...document.querySelectorAll('canvas')].some(canvas => {
            const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
            return new Set(new Uint32Array(data.buffer)).size > 10;
        })"""
    )


def test_what_somebody_might_write_into_it_can_reach_nobody(path: Path) -> None:
    with documentation.serving(path, 0) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        page = browser.new_page()
        page.goto(address)
        page.get_by_role("heading", name="Big Trust").wait_for()
        outcome = page.evaluate(
            """async () => {
                const blocked = [];
                document.addEventListener('securitypolicyviolation', event => blocked.push(event.effectiveDirective));
                new Image().src = 'http://127.0.0.1:9/pixel';
                try { await fetch('http://127.0.0.1:9/'); blocked.push('fetched'); } catch {}
                await new Promise(done => setTimeout(done, 200));
                return [...new Set(blocked)].sort();
            }"""
        )
        browser.close()
    assert outcome == ["connect-src", "img-src"]
