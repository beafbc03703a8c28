"""Make docs/images/summary.png again: the summary page after some runs on demo data, as Chromium shows it.

Usage: .venv/bin/python scripts/docs/make_summary_picture.py

The runs are real: one stops because a file is missing, one is refused because a mart shows postal codes as countries.
The demo data ends on a fixed day, and the times in the records are made those of fixed nights, so the picture changes
only when the demo data or the project does. Takes a few minutes, and needs Debian's package chromium
(scripts/install_chromium) and the environment that the tests need.
"""

import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from make_pictures import LAST_DAY, environment
from playwright.sync_api import sync_playwright

from bigtrust import pages, records
from bigtrust.files import write_durably
from bigtrust.pages.summary import collect
from bigtrust.settings import PROJECT, Settings

PICTURE = PROJECT / "docs" / "images" / "summary.png"
CHROMIUM = "/usr/bin/chromium"
WIDTH, HEIGHT = 1120, 1540
PARTS = ("dbt_project.yml", "profiles.yml", "models", "macros", "seeds", "tests/dbt", "expectations")
MART = "models/vault/persons/customer_attributes.sql"
RIGHT, WRONG = '{{ country("kept_customers.country") }}', "kept_customers.postal_code"


def own_environment(folder: Path) -> dict[str, str]:
    """The variables of a warehouse in a folder, with a project of its own to be broken."""
    return environment(folder) | {"BIGTRUST_PROJECT": str(folder / "project")}


def copy_project(folder: Path) -> Path:
    """Copy what is the project's of the project."""
    for part in PARTS:
        source, target = PROJECT / part, folder / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copyfile(source, target)
    return folder


def make_runs(folder: Path, variables: dict[str, str]) -> None:
    """Make a history of runs, and a review."""
    mart = copy_project(folder / "project") / MART

    def bigtrust(*arguments: str, expected: int = 0) -> None:
        print("bigtrust", *arguments, flush=True)
        done = subprocess.run([sys.executable, "-m", "bigtrust.cli", *arguments], env=variables, capture_output=True)
        if done.returncode != expected:
            sys.exit(f"exit code {done.returncode} instead of {expected}: {done.stderr.decode()}")

    bigtrust("demo", "--customers", "600", "--until", LAST_DAY)
    bigtrust("run")
    bigtrust("run")
    (products,) = (folder / "landing").glob("products*")
    products.rename(folder / products.name)
    bigtrust("run", expected=3)
    (folder / products.name).rename(products)
    bigtrust("run")
    text = mart.read_text(encoding="utf-8")
    mart.write_text(text.replace(RIGHT, WRONG), encoding="utf-8")
    bigtrust("run", expected=1)
    note = "A mart showed postal codes as countries. The change was taken back."
    bigtrust("review", "--run", "5", "--by", "Claire Martin", "--note", note, "--verdict", "accepted")
    mart.write_text(text, encoding="utf-8")
    bigtrust("run")


def write_page(settings: Settings) -> None:
    """Write the page with the times of fixed nights, the last of them the night after the last day of the data."""
    past = list(records.newest_first(settings.runs))
    for number, record in enumerate(past):
        night = datetime.fromisoformat(LAST_DAY) + timedelta(days=1 - number, hours=3)
        start, end = (moment.isoformat(timespec="milliseconds") for moment in (night, night + timedelta(seconds=21)))
        records.write(settings.runs, replace(record, started_at=start, finished_at=end, seconds=21.0))
    now = datetime.combine(date.fromisoformat(LAST_DAY), datetime.min.time(), UTC) + timedelta(days=1, hours=4)
    write_durably(settings.summary, pages.page(collect(settings, now=now)))


def main() -> None:
    """Write the picture."""
    if not Path(CHROMIUM).exists():
        sys.exit("Chromium is missing. Run scripts/install_chromium.")
    with tempfile.TemporaryDirectory() as name:
        variables = own_environment(Path(name))
        make_runs(Path(name), variables)
        settings = Settings.load(variables)
        write_page(settings)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
            page.goto(settings.summary.as_uri())
            page.screenshot(path=PICTURE)
            browser.close()
    print(f"{PICTURE}: {PICTURE.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
