"""The static checks: what the lineage says of each published relation, as verdicts."""

from collections.abc import Iterator, Mapping
from typing import Any

from bigtrust.lineage.beside import beside_the_models
from bigtrust.lineage.project import Finding, Lineage
from bigtrust.verdicts import EXAMINED_NOTHING, CheckResult, of_project

_NOT_FOLLOWED = "cannot be followed: see FLW-03"


def judge(lineage: Lineage, manifest: Mapping[str, Any]) -> list[CheckResult]:
    """FLW-01, FLW-02 and FLW-06 for each published relation, RET-05 for each mart; FLW-03 to FLW-05 for the project."""
    results = []
    for name in lineage.published:
        relation = lineage.relations.get(name)
        columns = len(relation.columns) if relation else 0
        for code in ("FLW-01", "FLW-02", "FLW-06"):
            found = [finding for finding in lineage.findings if (finding.code, finding.relation) == (code, name)]
            results.append(_result(code, name, columns, found, "" if relation else _NOT_FOLLOWED))
    for name, read in lineage.windows.items():
        found = [finding for finding in lineage.findings if (finding.code, finding.relation) == ("RET-05", name)]
        results.append(_result("RET-05", name, read, found, ""))
    lost = [finding for finding in lineage.findings if finding.code == "FLW-03"]
    undeclared = [finding for finding in lineage.findings if finding.code == "FLW-04"]
    beside, moving = beside_the_models(manifest)
    return [
        *results,
        _result("FLW-03", "models", lineage.models, lost, "" if lineage.models else EXAMINED_NOTHING),
        _result("FLW-04", "staging", lineage.declared, undeclared, "" if lineage.declared else EXAMINED_NOTHING),
        _result("FLW-05", "hooks", beside, moving, "" if beside else EXAMINED_NOTHING),
    ]


def _result(code: str, relation: str, examined: int, found: list[Finding], failure: str) -> CheckResult:
    is_project = "." not in relation
    reasons = list(_reasons(found, names_relation=is_project))
    if failure:
        reasons.append(failure)
    shown = "; ".join(reasons[:5]) + (f"; and {len(reasons) - 5} more" if len(reasons) > 5 else "")
    return of_project(
        code,
        "static",
        relation,
        examined,
        len(found),
        "failed" if reasons else "passed",
        shown,
        publication="" if is_project else relation.split(".")[0],
        expectation="lineage",
    )


def _reasons(found: list[Finding], *, names_relation: bool) -> Iterator[str]:
    for finding in found:
        place = finding.column or ("which rows there are" if finding.code in ("FLW-01", "FLW-02") else "")
        where = ".".join(part for part in (finding.relation if names_relation else "", place) if part)
        yield f"{where} {finding.reason}" if where else finding.reason
