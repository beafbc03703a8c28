"""The checks of one run, by code and publication."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bigtrust.registry import CHECKS
from bigtrust.settings import PUBLICATIONS

ORDER = ("failed", "passed", "not applicable")
NO_PUBLICATION = "the whole project"
RULES = "written rules"  # of single relations, in expectations/

Result = Mapping[str, Any]  # a check result, as a run's record holds it


@dataclass(frozen=True)
class Cell:
    """What checks of one publication say together: the worst verdict that applies, and the sums of their counts."""

    verdict: str
    objects: int
    examined: int
    violations: int
    failed: int
    not_applicable: int
    exceptions: int


@dataclass(frozen=True)
class Row:
    """A check. `sentence` says what it looks for, `since` is the first run that made it (None: not known).

    `cells` are by publication, and None where the check is not made.
    """

    code: str
    sentence: str
    since: int | None
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True)
class Matrix:
    """The checks that are the project's, and a last row for all written rules together; `rules` has them one by one."""

    publications: tuple[str, ...]
    rows: tuple[Row, ...]
    rules: tuple[tuple[str, str, str, Cell], ...]  # code, sentence, publication, what it says

    @property
    def has_failed_rules(self) -> bool:
        """Whether a written rule failed."""
        return any(cell.verdict == "failed" for *_, cell in self.rules)


def matrix(results: Sequence[Result], since: Mapping[str, int]) -> Matrix:
    """Return the matrix of a run's check results: the codes that failed first, then by code.

    `since` gives by code the first run that made a check.
    """
    found = {_publication(result) for result in results}
    publications = tuple(name for name in (*PUBLICATIONS, NO_PUBLICATION) if name in found)
    publications += tuple(sorted(found - set(publications)))
    own = [result for result in results if result["suite"] != "written"]
    written = [result for result in results if result["suite"] == "written"]
    rows = sorted((_row(code, group, publications, since) for code, group in _grouped(own, "code")), key=_worst_first)
    if written:
        rows.append(_row(RULES, written, publications, since))
    rules = [
        (code, _sentence(group), name, cell(part))
        for code, group in _grouped(written, "code")
        for name in publications
        if (part := [result for result in group if _publication(result) == name])
    ]
    rules.sort(key=lambda rule: (ORDER.index(rule[3].verdict) > 0, rule[0]))
    return Matrix(publications, tuple(rows), tuple(rules))


def cell(results: Sequence[Result]) -> Cell:
    """Return what some results say together."""
    verdicts = Counter(result["verdict"] for result in results)
    return Cell(
        verdict=next((verdict for verdict in ORDER if verdicts[verdict]), "failed"),
        objects=len({(result["relation"], result["column"]) for result in results}),
        examined=sum(result["examined"] for result in results),
        violations=sum(result["violations"] for result in results),
        failed=verdicts["failed"],
        not_applicable=verdicts["not applicable"],
        exceptions=sum(bool(result.get("exception")) for result in results),
    )


def sentence(code: str) -> str:
    """Return what a check of the registry says of itself; nothing for a written rule."""
    return next((check.sentence for check in CHECKS if check.code == code), "")


def remedy(code: str) -> str:
    """Return what to do when a check of the registry fails; nothing for a written rule."""
    return next((check.remedy for check in CHECKS if check.code == code), "")


def _row(code: str, results: Sequence[Result], publications: Iterable[str], since: Mapping[str, int]) -> Row:
    by_publication: dict[str, list[Result]] = {}
    for result in results:
        by_publication.setdefault(_publication(result), []).append(result)
    cells = tuple(cell(by_publication[name]) if name in by_publication else None for name in publications)
    first = min((since[result["code"]] for result in results if result["code"] in since), default=None)
    return Row(code, "" if code == RULES else _sentence(results), first, cells)


def _sentence(results: Sequence[Result]) -> str:
    """What a check looks for; of a written rule, the name of its expectation in words."""
    first = results[0]
    return sentence(first["code"]) or str(first["expectation"]).removeprefix("expect_").replace("_", " ")


def _worst_first(row: Row) -> tuple[bool, str]:
    return not any(cell is not None and cell.verdict == "failed" for cell in row.cells), row.code


def _publication(result: Result) -> str:
    return result["publication"] or NO_PUBLICATION


def _grouped(results: Sequence[Result], key: str) -> list[tuple[str, list[Result]]]:
    groups: dict[str, list[Result]] = {}
    for result in results:
        groups.setdefault(result[key], []).append(result)
    return sorted(groups.items())
