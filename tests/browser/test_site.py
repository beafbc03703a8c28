"""The public site in a real browser, without a network: every page in both languages, and receipts verified there."""

import functools
import http.server
import json
import random
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import Browser, Page, sync_playwright

from bigtrust.site import pages
from bigtrust.site.words import LANGUAGES
from public_site import receipt, with_a_past
from warehouse import Warehouse

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--no-first-run"),
]
TELEPHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 800}
AXE = AXE_FILE_PATH.read_text(encoding="utf-8")
EVERY = [pages.INDEX, *(pages.path(language, page) for language in LANGUAGES for page in pages.PAGES)]
FRENCH, ENGLISH = (pages.path(language, "receipt") for language in LANGUAGES)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("public site"),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Debian's package chromium"),
]


@pytest.fixture(scope="module")
def shop(published: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """A warehouse with a past, its site, a receipt that took effect and one that did not."""
    warehouse = published.copy(tmp_path_factory.mktemp("browsed") / "warehouse")
    with_a_past(warehouse)
    assert warehouse.bigtrust("site").exit_code == 0
    return warehouse


@pytest.fixture(scope="module")
def effective(shop: Warehouse) -> Path:
    """A receipt with the proof that its request took effect."""
    return receipt(shop, is_effective=True)


@pytest.fixture(scope="module")
def unfinished(shop: Warehouse) -> Path:
    """A receipt of a request that waits for a run."""
    return receipt(shop, is_effective=False)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


class Watched:
    """A page, what it complained about, and whom it asked for something."""

    def __init__(self, browser: Browser, address: str, *, now: str | None = None) -> None:
        self.page: Page = browser.new_page(viewport=TELEPHONE)  # type: ignore[arg-type]
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("requestfailed", lambda request: self.complaints.append(request.url))
        self.page.on("request", lambda request: self.requests.append(request.url))
        if now:
            self.page.clock.set_fixed_time(now)
        self.page.goto(address)

    def close(self, origin: str) -> None:
        """Nothing may have complained, nothing may have been asked of anybody else, nothing is remembered."""
        assert self.page.context.cookies() == []
        self.page.context.close()
        assert self.complaints == []
        assert self.requests
        assert [url for url in self.requests if not url.startswith((origin, "data:"))] == []


# Chromium draws with the fonts of the machine; the smallest text is 13 px, of the axes of a chart.
OVERFLOW = """() => [...document.querySelectorAll('body *')]
    .filter(e => !e.closest('.scroll, .skip, svg') && e.getBoundingClientRect().right > innerWidth + 1)
    .map(e => e.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("name", EVERY)
def test_a_page_can_be_read_on_a_telephone_and_at_a_desk_by_day_and_by_night_by_everybody(
    name: str, shop: Warehouse, browser: Browser
) -> None:
    watched = Watched(browser, (shop.settings.site / name).as_uri())
    page = watched.page
    page.evaluate(AXE)
    for size in (TELEPHONE, DESK):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        assert page.evaluate(OVERFLOW) == []
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            assert violations(page) == [], f"{size} {scheme}"
    watched.close(shop.settings.site.as_uri())


def violations(page: Page) -> list[str]:
    """What axe-core finds against WCAG 2.2 A and AA, and its own best practices."""
    found = page.evaluate("axe.run(document, {resultTypes: ['violations'], preload: false})")
    assert found["passes"]
    return [f"{rule['id']}: {node['html'][:150]}" for rule in found["violations"] for node in rule["nodes"]]


def test_from_the_first_page_one_reads_on_in_ones_language_and_changes_it_where_one_is(
    shop: Warehouse, browser: Browser
) -> None:
    watched = Watched(browser, (shop.settings.site / "index.html").as_uri())
    page = watched.page
    page.click("text=Français")
    assert page.get_attribute("html", "lang") == "fr"
    page.click(".cards >> text=Combien de temps")
    assert page.inner_text("h1") == "Combien de temps"
    page.click("header >> text=English")
    assert page.inner_text("h1") == "How long"
    assert page.get_attribute("html", "lang") == "en"
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to the content"
    watched.close(shop.settings.site.as_uri())


def test_the_time_line_is_a_picture_with_words_and_the_same_is_in_a_table(shop: Warehouse, browser: Browser) -> None:
    watched = Watched(browser, (shop.settings.site / "fr/durees.html").as_uri())
    page = watched.page
    for size in (TELEPHONE, DESK):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        chart = page.get_by_role("img", name="Combien de temps nous utilisons vos données")
        assert chart.count() == 1, "one of the two layouts"
        assert "10 ans" in chart.text_content()  # type: ignore[operator]
    rows = page.get_by_role("table").locator("tbody tr")
    policy = json.loads((shop.settings.site / "policy.json").read_text(encoding="utf-8"))
    assert rows.count() == len(policy["windows"])
    watched.close(shop.settings.site.as_uri())


def test_printed_it_is_dark_on_white_and_nothing_is_cut_off(shop: Warehouse, browser: Browser) -> None:
    watched = Watched(browser, (shop.settings.site / "fr/controles.html").as_uri())
    page = watched.page
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.locator("body > nav").is_visible()
    assert page.evaluate("getComputedStyle(document.querySelector('.scroll')).overflowX") == "visible"
    assert page.pdf(format="A4").startswith(b"%PDF")
    watched.close(shop.settings.site.as_uri())


# --- receipts -----------------------------------------------------------------------------------------------------


def chosen(page: Page, file: Path) -> str:
    """Choose a file, and give what the page makes of it."""
    page.evaluate("document.getElementById('result').dataset.result = ''")
    page.set_input_files("#file", file)
    page.wait_for_selector("#result:not([data-result=''])")
    return str(page.get_attribute("#result", "data-result"))


def states(page: Page) -> list[str]:
    """The checks that were made, in their order: passed, failed or skipped."""
    return page.locator("#result-checks li").evaluate_all("items => items.map(item => item.className)")  # type: ignore[no-any-return]


def test_a_receipt_that_took_effect_is_verified_in_both_languages(
    shop: Warehouse, browser: Browser, effective: Path
) -> None:
    for name, words in ((FRENCH, "a pris effet le"), (ENGLISH, "took effect on")):
        watched = Watched(browser, (shop.settings.site / name).as_uri())
        assert chosen(watched.page, effective) == "effective"
        text = watched.page.inner_text("#result")
        assert words in text
        assert "7" in text.partition(words)[2], "the run"
        assert json.loads(effective.read_text())["receipt"]["number"] in text
        assert states(watched.page) == ["passed"] * 8
        watched.page.evaluate(AXE)
        assert violations(watched.page) == []
        watched.close(shop.settings.site.as_uri())


def test_a_receipt_can_be_pasted_and_one_over_http_verifies_as_well(
    shop: Warehouse, browser: Browser, effective: Path
) -> None:
    handler = functools.partial(Quiet, directory=str(shop.settings.site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        origin = f"http://127.0.0.1:{server.server_port}/"
        watched = Watched(browser, origin + FRENCH)
        page = watched.page
        asked = len(watched.requests)
        page.context.set_offline(True)
        page.fill("#text", effective.read_text(encoding="utf-8"))
        page.click("#verify")
        page.wait_for_selector("#result[data-result]")
        assert page.get_attribute("#result", "data-result") == "effective"
        assert len(watched.requests) == asked, "nothing is sent"
        watched.close(origin)
        server.shutdown()


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files, and says nothing."""

    def log_message(self, format: str, *args: Any) -> None:
        return None


def test_an_unfinished_receipt_says_by_when_and_later_that_it_is_late(
    shop: Warehouse, browser: Browser, unfinished: Path
) -> None:
    told = json.loads(unfinished.read_text(encoding="utf-8"))["receipt"]
    for day, expected in (
        (told["requested_at"], "open"),
        (f"{told['effective_by']}T23:59:00Z", "open"),
        ("2099-01-01T00:00:00Z", "overdue"),
    ):
        watched = Watched(browser, (shop.settings.site / FRENCH).as_uri(), now=day)
        assert chosen(watched.page, unfinished) == expected, day
        assert states(watched.page) == [*["passed"] * 4, *["skipped"] * 4]
        watched.close(shop.settings.site.as_uri())


def test_a_receipt_of_somebody_else_and_what_is_none_are_told_apart(
    shop: Warehouse, browser: Browser, effective: Path, published: Warehouse, tmp_path: Path
) -> None:
    other = Warehouse(tmp_path / "other")
    foreign = receipt(other, is_effective=False)
    newer = tmp_path / "newer.json"
    newer.write_text(effective.read_text().replace('"version":1', '"version":2'))
    shopping = tmp_path / "shopping.json"
    shopping.write_text('{"milk": 2}\n')
    bent = tmp_path / "bent.json"
    bent.write_text(json.dumps(json.loads(effective.read_text()), indent=1))
    watched = Watched(browser, (shop.settings.site / FRENCH).as_uri())
    found = {path.stem: chosen(watched.page, path) for path in (newer, shopping, bent)}
    assert found == {"newer": "newer", "shopping": "none", "bent": "altered"}
    assert chosen(watched.page, foreign) == "foreign"
    assert states(watched.page)[:3] == ["passed", "failed", "skipped"]
    watched.close(shop.settings.site.as_uri())


def test_a_proof_of_another_request_or_of_another_tree_is_no_proof(
    shop: Warehouse, browser: Browser, effective: Path, tmp_path: Path
) -> None:
    other = json.loads(receipt(shop, is_effective=True).read_text())
    mine = json.loads(effective.read_text())
    swapped = {"entry": {**mine, "effect": other["effect"]}}
    swapped["inclusion"] = {**mine, "effect": {**mine["effect"], "head": other["effect"]["head"]}}
    swapped["short"] = {**mine, "effect": {**mine["effect"], "path": mine["effect"]["path"][:-1]}}
    watched = Watched(browser, (shop.settings.site / FRENCH).as_uri())
    swapped["consistency"] = {**mine, "effect": {**mine["effect"], "consistency": other["effect"]["path"][:1]}}
    failing = {"entry": 4, "inclusion": 5, "short": 5, "consistency": 7}
    for name, content in swapped.items():
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False))
        assert chosen(watched.page, path) == "altered", name
        assert states(watched.page).index("failed") == failing[name], name
    watched.close(shop.settings.site.as_uri())


ALTERED = """async ([original, changes]) => {
    const bytes = Uint8Array.from(original);
    const before = (await verifyReceipt(bytes, '2026-01-01')).result;
    const unseen = [];
    for (const [place, byte] of changes) {
        const altered = bytes.slice();
        altered[place] = byte;
        const { result } = await verifyReceipt(altered, '2026-01-01');
        if (['effective', 'open', 'open_by_law', 'overdue'].includes(result)) unseen.push([place, byte]);
    }
    return [before, unseen];
}"""


@pytest.mark.parametrize("kind", ["effective", "unfinished"])
def test_whichever_byte_of_a_receipt_is_altered_it_is_found(
    kind: str, shop: Warehouse, browser: Browser, request: pytest.FixtureRequest
) -> None:
    original = request.getfixturevalue(kind).read_bytes()
    draw = random.Random(20261126)
    changes = []
    for place in [*range(len(original)), *draw.choices(range(len(original)), k=500)]:
        byte = draw.randrange(256)
        changes.append((place, byte if byte != original[place] else byte ^ 32))
    watched = Watched(browser, (shop.settings.site / FRENCH).as_uri())
    before, unseen = watched.page.evaluate(ALTERED, [list(original), changes])
    assert before == {"effective": "effective", "unfinished": "open"}[kind]
    assert unseen == []
    assert len(changes) > 1000
    watched.close(shop.settings.site.as_uri())


def test_a_browser_without_such_signatures_says_so(shop: Warehouse, browser: Browser, effective: Path) -> None:
    page = browser.new_page()
    page.add_init_script(
        "const known = SubtleCrypto.prototype.importKey;"
        "SubtleCrypto.prototype.importKey = function (format, key, algorithm, ...rest) {"
        " if (algorithm === 'Ed25519') throw new DOMException('unknown', 'NotSupportedError');"
        " return known.call(this, format, key, algorithm, ...rest); };"
    )
    page.goto((shop.settings.site / FRENCH).as_uri())
    assert chosen(page, effective) == "unsupported"
    assert "Ed25519" in page.inner_text("#result")
    page.context.close()
