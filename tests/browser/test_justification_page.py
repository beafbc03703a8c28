"""A justification in a real browser, without a network: it says first what speaks against the company."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import Page, sync_playwright

from bigtrust import justify, ledger
from warehouse import Warehouse

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--no-first-run"),
]
TELEPHONE, DESK = (360, 740), (1280, 900)
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
PASSED = {"passed": 3, "failed": 0, "excepted": 0, "not_applicable": 0, "examined": 1234, "violations": 0}
Opened = Callable[..., Page]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Debian's package chromium"),
]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A sentence that was proven today, and one of which a check failed, and whose next run is excepted."""
    settings = Warehouse(tmp_path_factory.mktemp("justified")).settings
    claims = [
        {"code": f"{name}-1", "rules": [rule], "en": f"{name} was said.", "fr": f"{name} a été dit."}
        for name, rule in (("GOOD", "ERA-01"), ("BAD", "ERA-02"))
    ]
    facts: list[dict[str, object]] = [
        {"kind": "policy", "version": "2026-11-26", "tables": {}},
        {"kind": "claims", "claims": claims},
    ]
    exception = {
        "code": "ERA-02",
        "object": "analytics.marts.customers",
        "owner": "Data",
        "approved_by": "Privacy office",
    }
    excepted = {"kind": "exception", "change": "added", **exception, "reason": "Known.", "expires_on": "2026-12-31"}
    ended = {"claims": 2, "in_place": {}, "is_written_later": False}
    for run, verdict, change in ((1, "refused", {"failed": 1, "violations": 7}), (2, "published", {"excepted": 1})):
        checks = {"ERA-01": PASSED, "ERA-02": PASSED | change}
        facts += [
            {"kind": "run_started", "run": run, "as_of": None},
            *([excepted] if run == 2 else []),
            {"kind": "run_ended", "run": run, "verdict": verdict, "checks": checks, **ended},
        ]
    ledger.append(settings, lambda _: facts)
    today = date.fromisoformat(ledger.entries(settings)[0]["at"][:10])
    found = {code: justify.justify(settings, code, today, today) for code in ("GOOD-1", "BAD-1")}
    return {code: justify.write(settings, it, settings.site.with_name("out") / code)[0] for code, it in found.items()}


@pytest.fixture
def opened(pages: dict[str, Path]) -> Iterator[Opened]:
    """Opens the page; afterwards, nothing may have been asked of anybody, and nothing complained."""
    complaints: list[str] = []
    requests: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)

        def open_page(code: str, size: tuple[int, int] = DESK, scheme: str = "light") -> Page:
            page = browser.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)  # type: ignore[arg-type]
            page.on("console", lambda message: complaints.append(message.text))
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("request", lambda request: requests.append(request.url))
            page.goto(pages[code].as_uri())
            return page

        yield open_page
        browser.close()
    assert complaints == []
    assert all(request.startswith(("file:", "data:,")) for request in requests)


@pytest.mark.parametrize(("size", "scheme"), [(TELEPHONE, "dark"), (DESK, "light")])
@pytest.mark.parametrize("code", ["GOOD-1", "BAD-1"])
def test_it_is_accessible_and_fits_the_screen(opened: Opened, code: str, size: tuple[int, int], scheme: str) -> None:
    page = opened(code, size, scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    page.evaluate(AXE)
    violations = page.evaluate("axe.run().then(found => found.violations.map(it => it.id + ': ' + it.help))")
    assert violations == []


def test_a_broken_sentence_is_said_to_be_broken_before_anything_else(opened: Opened) -> None:
    page = opened("BAD-1")
    assert page.inner_text("h1") == "BAD-1: broken"
    assert page.inner_text(".lead") == "BAD was said."
    against = page.inner_text("#against")
    assert "Run 1, " in against
    assert "refused. ERA-02 failed (7 violations in 1,234). Nothing was published" in " ".join(against.split())
    assert "excepted. ERA-02 failed, and was excepted." in " ".join(against.split())
    assert page.get_by_role("row", name="ERA-02 added").is_visible()


def test_of_a_refused_run_another_sentence_says_that_it_proves_nothing(opened: Opened) -> None:
    page = opened("GOOD-1")
    assert page.inner_text("h1") == "GOOD-1: proven"
    assert "the run was refused for another reason" in page.inner_text("#runs")
