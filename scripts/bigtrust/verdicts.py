"""What a check says: a verdict, and counts. Never a value from the data."""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["passed", "failed", "not applicable"]
# How a check works: by a suite of Great Expectations (generated or written), on the project alone, by dbt while it
# builds, by building again with other data, or on the files that a run leaves.
Origin = Literal["baseline", "written", "static", "build", "metamorphic", "artefact"]

EXAMINED_NOTHING = "examined nothing"


@dataclass(frozen=True)
class CheckResult:
    """The verdict of one check on one object. Holds names and counts, never a value from the data.

    `relation` is what was judged: the full name of a relation, or another object (a kind of artefact, the name of
    what has no relation); `publication` is empty if it belongs to none. `examined` and `violations` count what the
    check says that it counts. `reason` is empty if there is nothing to explain. `exception` says until when, and by
    whose decision, a failure is excepted; the verdict stays failed.
    """

    code: str
    publication: str
    relation: str
    column: str | None
    suite: Origin
    expectation: str
    severity: str
    examined: int
    violations: int
    verdict: Verdict
    reason: str
    exception: str | None = None

    @property
    def blocks(self) -> bool:
        """Whether it keeps everything from being published: failed, critical, and not excepted."""
        return self.verdict == "failed" and self.severity == "critical" and self.exception is None


def of_project(
    code: str,
    suite: Origin,
    relation: str,
    examined: int,
    violations: int,
    verdict: Verdict,
    reason: str = "",
    *,
    publication: str = "",
    expectation: str = "",
) -> CheckResult:
    """The result of one of the project's own checks that is no expectation: critical, and on no single column."""
    return CheckResult(
        code=code,
        publication=publication,
        relation=relation,
        column=None,
        suite=suite,
        expectation=expectation,
        severity="critical",
        examined=examined,
        violations=violations,
        verdict=verdict,
        reason=reason,
    )
