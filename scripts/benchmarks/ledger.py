"""How long a ledger of years takes to verify: each run reads and verifies all of it before it appends.

Usage: .venv/bin/python scripts/benchmarks/ledger.py [--years N]

Writes a ledger with a run a day, four pages and sixteen entries each, and prints how long reading and verifying it
takes after each year, also as a ratio to the first.
"""

import argparse
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from bigtrust.ledger import pages
from bigtrust.ledger.signing import Signer
from bigtrust.ledger.tree import Tree

RUNS, PAGES, ENTRIES = 365, 4, 4  # a year, pages of a run, entries of a page


def write_year(folder: Path, tree: Tree, signer: Signer) -> None:
    """Append the pages of a year."""
    at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    for _ in range(RUNS * PAGES):
        first = tree.size + 1
        numbers = range(first, first + ENTRIES)
        entries = [{"at": at, "digest": "0" * 64, "kind": "publication", "number": number} for number in numbers]
        tree.add(entries)
        (folder / pages.name_of(first)).write_text(pages.content(entries, tree.head(signer, at)), encoding="utf-8")


def main() -> None:
    """Write, read, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--years", type=int, default=5)
    years = parser.parse_args().years
    signer, tree, first = Signer(bytes(32)), Tree(), 0.0
    with tempfile.TemporaryDirectory() as name:
        for year in range(1, years + 1):
            write_year(Path(name), tree, signer)
            started = time.perf_counter()
            held = pages.read(Path(name), signer.public)
            seconds = time.perf_counter() - started
            first = first or seconds
            print(f"year {year}: {len(held.entries):,} entries, {seconds:.2f} s, {seconds / first:.2f} times year 1")


if __name__ == "__main__":
    main()
