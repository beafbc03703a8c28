"""The demo: landing files of an invented French retailer, with the mess of real data."""

import shutil
from datetime import date, timedelta
from pathlib import Path

from bigtrust.demo.catalogue import stock
from bigtrust.demo.contacts import meet
from bigtrust.demo.draws import workshop
from bigtrust.demo.people import invent
from bigtrust.demo.rights import entitle
from bigtrust.demo.sales import sell
from bigtrust.demo.write import FORMATS, write_table
from bigtrust.errors import ConfigurationError

YEARS = 3
FEWEST_CUSTOMERS = 20
EARLIEST, LATEST = date(1990, 1, 1), date(2100, 1, 1)
# Logarithm of the median number of purchases per customer in three years: about 13 on average.
ACTIVITY = 2.2


def write_demo(folder: Path, *, customers: int = 2000, seed: int = 1, until: date) -> dict[str, int]:
    """Write every table of the landing contract into `folder`; returns the rows written per table.

    Three years of sales end with the day `until`, in Europe/Paris. The same arguments give the same bytes in
    every file. Raises ConfigurationError if the folder is not empty, if there are fewer than 20 customers, or if
    `until` is out of range.
    """
    if customers < FEWEST_CUSTOMERS:
        raise ConfigurationError(f"--customers is {customers}. Ask for {FEWEST_CUSTOMERS} or more.")
    if not EARLIEST <= until <= LATEST:
        raise ConfigurationError(f"--until is {until}. Choose a day from {EARLIEST} to {LATEST}.")
    if folder.exists() and not folder.is_dir():
        raise ConfigurationError(f"landing folder: {folder} is a file. Choose a folder.")
    if folder.exists() and any(folder.iterdir()):
        raise ConfigurationError(f"landing folder: {folder} is not empty. Empty it or choose another one.")

    end = until + timedelta(days=1)
    start = end.replace(year=end.year - YEARS, day=min(end.day, 28) if end.month == 2 else end.day)
    with workshop(seed) as connection:
        invent(connection, customers=customers, seed=seed, end=f"{end} 00:00:00", activity=ACTIVITY)
        stock(connection, seed=seed)
        sell(connection, start=start, until=until, end=f"{end} 00:00:00")
        entitle(connection, customers=customers, end=end)
        meet(connection, start=start, until=until, end=f"{end} 00:00:00")
        folder.mkdir(parents=True, exist_ok=True)
        try:
            return {table: write_table(connection, folder, table) for table in FORMATS}
        except BaseException:
            for path in folder.iterdir():
                shutil.rmtree(path) if path.is_dir() else path.unlink()
            raise
