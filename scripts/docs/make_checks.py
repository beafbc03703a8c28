"""Write the generated part of docs/checks.md again: every check, from the registry and the suites.

Usage: .venv/bin/python scripts/docs/make_checks.py
"""

import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from marked import renewed

from bigtrust import registry
from bigtrust.gx.sentences import written_checks
from bigtrust.gx.suites import load_suites
from bigtrust.registry import Check, Kind

PROJECT = Path(__file__).resolve().parents[2]
PAGE = PROJECT / "docs" / "checks.md"

# a path, or a name with an underscore
_NAME = re.compile(r"\w+(?:/[\w.]*\w)+/?|[a-z]+(?:\.\w+)*_\w+(?:\.\w+)*")

KINDS: dict[Kind, tuple[str, str]] = {
    "static": ("Before any data moves", "On the project alone: its models, its contracts, its policy."),
    "build": ("While the data is built", "Data tests of dbt, which stop the build."),
    "data": ("On each candidate", "On what is about to be published, mostly by Great Expectations."),
    "metamorphic": ("By building again", "With other data, and comparing what comes out."),
    "artefact": ("On what a run leaves", "Logs, pages, records and the bytes of the files."),
}


def page(text: str, project: Path = PROJECT) -> str:
    """The text of the page with its generated part made anew."""
    return renewed(PAGE, "make_checks.py", text, generated(project))


def generated(project: Path) -> Iterator[str]:
    """The lines between the marks."""
    for kind, (heading, what) in KINDS.items():
        checks = [check for check in registry.CHECKS if check.kind == kind]
        if checks:
            yield from (f"## {heading}", "", what, "")
            for check in checks:
                yield from _section(check)
    yield from _written(project)


def _section(check: Check) -> Iterator[str]:
    yield from (f"### {check.code}", "", f"**{check.sentence}**", "")
    yield f"- *Why:* {_code(check.reason)}"
    yield f"- *If it fails:* {_code(check.remedy)}"
    yield f"- *Counts:* {_code(check.counted)}."
    yield f"- *Severity:* {check.severity}."
    if check.no_exception:
        yield f"- *No exception:* {check.no_exception}"
    yield ""


def _written(project: Path) -> Iterator[str]:
    """The rules of the suites, one table per remedy."""
    folder = project / "expectations"
    relations = {".".join(path.relative_to(folder).with_suffix("").parts) for path in folder.rglob("*.y*ml")}
    suites = load_suites(folder, relations=relations, expectations=folder)
    checks = written_checks(suites)
    yield from ("## Written for one relation", "")
    yield from (
        "These rules are in the suites of `expectations/`, with their reasons. Severity is critical unless said.",
        "",
    )

    def alike(check: Check) -> tuple[str, str]:
        return check.remedy, check.counted

    for (remedy, counted), group in groupby(sorted(checks, key=lambda check: (*alike(check), check.code)), key=alike):
        yield from (f"*If one of these fails:* {_code(remedy)} *Counts:* {counted}.", "")
        yield from ("| code | rule | why |", "|---|---|---|")
        for check in group:
            where, _, rule = check.sentence.partition(": ")
            severity = "" if check.severity == "critical" else f" ({check.severity})"
            yield f"| {check.code}{severity} | `{where}`: {_cell(rule)} | {_code(check.reason)} |"
        yield ""


def _cell(rule: str) -> str:
    """A rule in a cell: a regular expression is code, and a bar would end the cell."""
    before, form, expression = rule.partition(" of the form ")
    text = f"{_code(before)}{form}`{expression.removesuffix('.')}`." if form else _code(rule)
    return text.replace("|", "\\|")


def _code(text: str) -> str:
    """A text with the names of files, relations and columns as code."""
    return _NAME.sub(lambda match: f"`{match[0]}`", text)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
