"""Make docs/images/site-*.png, access-report.png and justification.png again, as Chromium shows the pages.

Usage: .venv/bin/python scripts/docs/make_site_pictures.py

What a new user would do: a run on demo data, a request to forget, another run, so that its receipt has a proof; then
the site, an access report, and a justification. The demo data ends on a fixed day. Takes a few minutes, and needs
Debian's package chromium (scripts/install_chromium) and the environment that the tests need.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
from make_pictures import LAST_DAY, environment
from playwright.sync_api import Browser, sync_playwright

from bigtrust import register
from bigtrust.settings import PROJECT, Settings

IMAGES = PROJECT / "docs" / "images"
CHROMIUM = "/usr/bin/chromium"
# Name of the picture: page, width, height, colours.
PICTURES = {
    "site-home": ("fr/index.html", 1120, 900, "light"),
    "site-how-long": ("fr/durees.html", 390, 844, "dark"),
    "site-receipt": ("fr/verifier-un-recu.html", 1120, 900, "light"),
    "access-report": ("../mine/report/access-report.html", 1120, 900, "light"),
    "justification": ("../mine/justification/index.html", 1120, 900, "light"),
}
LINE = """
    select purchases.purchase_id, purchases.customer_id
    from staging.stg_purchases as purchases
    where customer_id is not null
    order by purchased_at desc
    limit 1
"""


def make_site(folder: Path, variables: dict[str, str]) -> Path:
    """Make the site, and give the receipt of a request that took effect."""

    def bigtrust(*arguments: str) -> None:
        print("bigtrust", *arguments, flush=True)
        done = subprocess.run([sys.executable, "-m", "bigtrust.cli", *arguments], env=variables, capture_output=True)
        if done.returncode:
            sys.exit(f"exit code {done.returncode}: {done.stderr.decode()}")

    settings = Settings.load(variables)
    bigtrust("demo", "--customers", "600", "--until", LAST_DAY)
    bigtrust("run")
    with duckdb.connect(str(settings.vault), read_only=True) as connection:
        ((purchase, customer),) = connection.execute(LINE).fetchall()
    before = set(register.read(settings.register))
    bigtrust("forget", "--purchase", purchase, "--channel", "till")
    ((name, request),) = ((name, it) for name, it in register.read(settings.register).items() if name not in before)
    bigtrust("run")
    bigtrust("forget", "--receipt", request.request_id, "--output", str(folder / "mine"))
    bigtrust("site")
    bigtrust("access-report", "--customer", customer, "--output", str(folder / "mine" / "report"))
    bigtrust("justify", "--claim", "FORGET-1", "--output", str(folder / "mine" / "justification"))
    return folder / "mine" / f"{name}.json"


def take(browser: Browser, site: Path, receipt: Path) -> None:
    """Write the pictures."""
    for name, (path, width, height, scheme) in PICTURES.items():
        page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
        page.goto((site / path).as_uri())
        if page.locator("#file").count():
            page.set_input_files("#file", receipt)
            page.wait_for_selector("#result[data-result='effective']")
            page.locator("#result").scroll_into_view_if_needed()
        picture = IMAGES / f"{name}.png"
        page.screenshot(path=picture)
        print(f"{picture}: {picture.stat().st_size / 1000:.0f} kB")


def main() -> None:
    """Make the site, and write the pictures of it."""
    if not Path(CHROMIUM).exists():
        sys.exit("Chromium is missing. Run scripts/install_chromium.")
    with tempfile.TemporaryDirectory() as name:
        variables = environment(Path(name))
        receipt = make_site(Path(name), variables)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
            take(browser, Path(variables["BIGTRUST_SITE"]), receipt)
            browser.close()


if __name__ == "__main__":
    main()
