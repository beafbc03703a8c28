"""Write the generated part of docs/leak-zoo.md again: every leak of tests/leaks, by family, and what refuses it.

Usage: .venv/bin/python scripts/docs/make_leak_zoo.py
"""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from marked import renewed

PROJECT = Path(__file__).resolve().parents[2]
PAGE = PROJECT / "docs" / "leak-zoo.md"
STOPS = "the run stops, and says which file to correct"

sys.path.insert(0, str(PROJECT / "tests"))

from leaks import marketing, patches, stopping  # noqa: E402
from leaks.relations import LEAKS  # noqa: E402


def page(text: str) -> str:
    """The text of the page with its generated part made anew."""
    return renewed(PAGE, "make_leak_zoo.py", text, generated())


def generated() -> Iterator[str]:
    """The lines between the marks: a table per family."""
    leaks = list(_every_leak())
    yield from (f"{len(leaks)} leaks.", "")
    for family in dict.fromkeys(family for family, _, _ in leaks):
        yield from (f"## {family[0].upper()}{family[1:]}", "", "| leak | caught by |", "|---|---|")
        for of, name, caught_by in leaks:
            if of == family:
                yield f"| {name} | {caught_by} |"
        yield ""


def _every_leak() -> Iterator[tuple[str, str, str]]:
    """Family, name, and what refuses it."""
    for leak in LEAKS:
        also = f"; also {_listed(leak.also)}" if leak.also else ""
        yield leak.family, leak.name, f"{_listed(leak.meant)}{also}"
    found = (*patches.FOUND, *patches.FOUND_WITH_K_1, *stopping.BUILT, *stopping.FORGOTTEN, *stopping.STOPPED)
    of_marketing = (*marketing.FOUND, *marketing.FOUND_WITH_K_1, *marketing.BUILT, *marketing.STOPPED)
    for patch in (*found, *of_marketing):
        yield patch.family, patch.name, _listed(patch.codes) or STOPS


def _listed(codes: Iterable[str]) -> str:
    return ", ".join(sorted(codes))


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
