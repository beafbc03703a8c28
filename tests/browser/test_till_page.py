"""The till's page in a real browser, without a network: on a counter, on a telephone, by day and by night."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import Page, sync_playwright

from bigtrust import till

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--no-first-run"),
]
TELEPHONE, COUNTER = (360, 740), (1280, 800)
Opened = Callable[..., Page]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Debian's package chromium"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published folder of a shop that sells washing machines, pregnancy tests and coffee."""
    root = tmp_path_factory.mktemp("till")
    with duckdb.connect(str(root / "governance.duckdb")) as connection:
        connection.execute(
            """
            create schema marts;
            create table marts.about as
            select * from (values ('policy_version', '2026-11-23'), ('run', '7'), ('built_at', '2026-11-23T03:15:09Z'),
                ('forget_promise_days', '3')) as facts(fact, value);
            create table marts.forget_offers as
            select *, why is not null as is_offered, true as is_delivered
            from (values
                ('lave-linge', 'Lave-linge', 'replacement_cycle', 120),
                ('électro/cuisson & fours', 'Fours et cuisson avec un nom qui ne finit pas', 'replacement_cycle', 120),
                ('tests-de-grossesse', 'Tests de grossesse', 'sensitive', null),
                ('cafe', 'Café', null, null)
            ) as categories(category_id, name, why, replacement_cycle_months);
            """
        )
    till.publish(root / "governance.duckdb", root / "till")
    return root / "till"


@pytest.fixture
def opened(folder: Path) -> Iterator[Opened]:
    """Opens the page; afterwards, nothing may have been asked of anybody, and nothing complained."""
    complaints: list[str] = []
    requests: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)

        def open_page(fragment: str = "", size: tuple[int, int] = COUNTER, scheme: str = "light") -> Page:
            width, height = size
            page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
            page.on("console", lambda message: complaints.append(message.text))
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("requestfailed", lambda request: complaints.append(request.url))
            page.on("request", lambda request: requests.append(request.url))
            page.goto(f"{(folder / till.PAGE).as_uri()}{fragment}")
            return page

        yield open_page
        browser.close()
    assert complaints == []
    assert requests
    assert all(request.startswith(((folder / till.PAGE).as_uri(), "data:,")) for request in requests)


@pytest.mark.parametrize("size", [TELEPHONE, COUNTER], ids=["telephone", "counter"])
def test_a_washing_machine_shows_its_offer_in_french_and_in_english(opened: Opened, size: tuple[int, int]) -> None:
    page = opened("#lave-linge", size)
    assert page.locator("h1:visible").inner_text() == (
        "Cela ne se rachète que tous les 10 ans environ. Voulez-vous que nous oubliions cet achat\u00a0?"
    )
    text = page.inner_text("main")
    assert "Lave-linge" in text
    assert "Sous 3 jours." in text
    assert "L123-22" in text
    assert "Oublier un achat" not in text
    assert "purchase" not in page.inner_text("body")
    page.get_by_label("English").check()
    text = page.inner_text("main")
    assert "Shall we forget that you bought it?" in text
    assert "Within 3 days." in text
    assert "oubliions" not in text


def test_the_list_leads_to_the_offers_and_back_and_keeps_the_language(opened: Opened) -> None:
    page = opened()
    assert page.locator("h1:visible").inner_text() == "Oublier un achat"
    assert page.locator("li:visible").all_inner_texts() == [
        "Fours et cuisson avec un nom qui ne finit pas",
        "Lave-linge",
        "Tests de grossesse",
    ]
    page.get_by_label("English").check()
    page.click("li a:has-text('Fours et cuisson')")
    assert page.locator("h1:visible").inner_text().startswith("One buys this only every 10 years")
    page.click(".back:visible")
    assert page.locator("h1:visible").inner_text() == "Forget a purchase"


def test_a_sensitive_purchase_is_not_named_on_the_screen(opened: Opened) -> None:
    page = opened("#tests-de-grossesse")
    assert page.locator("h1:visible").inner_text() == "Voulez-vous que nous oubliions cet achat\u00a0?"
    assert "grossesse" not in page.inner_text("body")


def test_it_works_from_the_keyboard_alone(opened: Opened) -> None:
    page = opened("#lave-linge")
    page.keyboard.press("Shift+Tab")  # from the offer, where the fragment led, back to the choice of language
    assert page.evaluate("document.activeElement.id") == "fr"
    page.keyboard.press("ArrowRight")
    assert "Shall we forget" in page.inner_text("main")
    outline = page.locator("label[for=en]").evaluate("element => getComputedStyle(element).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "back"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("fragment", ["", "#lave-linge"])
def test_it_can_be_read_by_day_and_by_night_and_on_a_narrow_screen(opened: Opened, scheme: str, fragment: str) -> None:
    page = opened(fragment, TELEPHONE, scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= TELEPHONE[0]
    assert brightness(page.evaluate("getComputedStyle(document.body).backgroundColor")) < 0.5 or scheme == "light"
    texts = page.locator("h1, h2, p, dt, dd, li a, a, label, footer").filter(visible=True)
    examined = 0
    for element in texts.all():
        colour, background, size = element.evaluate(COLOURS)
        assert contrast(colour, background) >= 4.5, element.inner_text()  # WCAG 2.2, 1.4.3
        assert size >= 16, element.inner_text()
        examined += 1
    assert examined > 5
    for element in page.locator("li a:visible, label:visible").all():
        box = element.bounding_box()
        assert box
        assert box["height"] >= 44  # WCAG 2.2, 2.5.5


COLOURS = """element => {
    let beneath = element;
    while (getComputedStyle(beneath).backgroundColor === 'rgba(0, 0, 0, 0)') beneath = beneath.parentElement;
    const style = getComputedStyle(element);
    return [style.color, getComputedStyle(beneath).backgroundColor, parseFloat(style.fontSize)];
}"""


def brightness(colour: str) -> float:
    """Relative luminance of `rgb(…)` (WCAG 2.2)."""
    channels = [int(value) / 255 for value in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours (WCAG 2.2)."""
    light, dark = sorted((brightness(one), brightness(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
