"""How the promises are checked: runs, their checks, exceptions, what proves each claim, and the trust scorecard.

A run proves a rule if it published, at least one check of the rule passed in it, and none failed, not even excepted. A
check that was not applicable proves nothing. `bigtrust justify` goes by the same (bigtrust.justify.judge).
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import duckdb

from bigtrust.claims import Claim
from bigtrust.errors import ConfigurationError
from bigtrust.registry import Check
from bigtrust.site.held import Row
from bigtrust.site.words import both
from bigtrust.sql import rows

SHOWN_RUNS = 30
# Figures about persons who asked: of fewer than k of them, the public is told no more than that.
_ABOUT_FEW = ("requests_honoured", "days_to_honour_median", "days_to_honour_95th")

_RULES = """
    select
        run,
        code,
        count(*) filter (where verdict = 'passed') as passed,
        count(*) filter (where verdict = 'failed' and exception is null) as failed,
        count(*) filter (where verdict = 'failed' and exception is not null) as excepted,
        count(*) filter (where verdict = 'not applicable') as not_applicable,
        cast(sum(examined) as bigint) as examined,
        cast(sum(violations) as bigint) as violations
    from marts.check_results
    group by run, code
    order by run desc, code
"""


def runs(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """The last runs, newest first, with what became of their checks. Raises ConfigurationError if there is none."""
    query = f"""
        with excepted as (

            select run, count(*) as checks
            from marts.check_results
            where verdict = 'failed' and exception is not null
            group by run

        )

        select
            runs.run,
            runs.verdict,
            strftime(runs.started_at, '%Y-%m-%dT%H:%M:%SZ') as started_at,
            strftime(runs.finished_at, '%Y-%m-%dT%H:%M:%SZ') as finished_at,
            runs.checks_passed as passed,
            runs.checks_failed - coalesce(excepted.checks, 0) as failed,
            coalesce(excepted.checks, 0) as excepted,
            runs.checks_not_applicable as not_applicable
        from marts.runs as runs
        left join excepted on runs.run = excepted.run
        order by runs.run desc
        limit {SHOWN_RUNS}
    """
    found = rows(connection, query)
    if not found:
        raise ConfigurationError("The publication governance knows of no run. Run first: bigtrust run")
    return found


def rules(connection: duckdb.DuckDBPyConnection, checks: Iterable[Check]) -> list[Row]:
    """Each rule, with what came of it in the last run that made checks: counts, all of them 0 if it was not made."""
    of_runs = _by_run(connection)
    last = of_runs[max(of_runs)] if of_runs else {}
    nothing = dict.fromkeys(("passed", "failed", "excepted", "not_applicable", "examined", "violations"), 0)
    return [
        {"code": check.code, "kind": check.kind, "severity": check.severity, "sentence": check.sentence}
        | {name: last.get(check.code, nothing)[name] for name in nothing}
        for check in sorted(checks, key=lambda check: check.code)
    ]


def published_run(connection: duckdb.DuckDBPyConnection) -> int | None:
    """The last run that published, however long ago."""
    ((run,),) = connection.execute("select max(run) from marts.runs where verdict = 'published'").fetchall()
    return None if run is None else int(run)


def checked_run(connection: duckdb.DuckDBPyConnection) -> int | None:
    """The last run that made checks."""
    return max(_by_run(connection), default=None)


def exceptions(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """The exceptions in force: which rule may fail on what, why, and until when. Who answers for them is not public."""
    query = "select code, object, reason, expires_on from marts.check_exceptions order by all"
    return [row | {"expires_on": row["expires_on"].isoformat()} for row in rows(connection, query)]


def claims(connection: duckdb.DuckDBPyConnection, claimed: Iterable[Claim]) -> list[Row]:
    """Each claim with the last run that proved all its rules, and, if that is not the last one, what is in the way.

    `state` is `proven` (by the last run that made checks), `earlier` or `never`; `failed`, `excepted` and
    `nothing_examined` are the rules that the last run did not prove. If there is none, it did not publish.
    """
    of_runs = _by_run(connection)
    query = "select run, strftime(started_at, '%Y-%m-%dT%H:%M:%SZ'), verdict = 'published' from marts.runs"
    known = connection.execute(query).fetchall()
    started = {run: at for run, at, _ in known}
    published = {run for run, _, is_published in known if is_published}
    newest_first = sorted(of_runs, reverse=True)
    last = of_runs[newest_first[0]] if newest_first else {}
    found = []
    for claim in claimed:
        proving = (
            run for run in newest_first if run in published and all(_proves(of_runs[run], rule) for rule in claim.rules)
        )
        run = next(proving, None)
        state = "never" if run is None else "proven" if run == newest_first[0] else "earlier"
        found.append(
            {
                "code": claim.code,
                "rules": list(claim.rules),
                "text": both(lambda words, claim=claim: words.typeset(claim.texts[words.language])),
                "state": state,
                "run": run,
                "proven_at": started.get(run),
                "failed": [rule for rule in claim.rules if last.get(rule, {}).get("failed")],
                "excepted": [rule for rule in claim.rules if last.get(rule, {}).get("excepted")],
                "nothing_examined": [
                    rule
                    for rule in claim.rules
                    if not any(last.get(rule, {}).get(verdict) for verdict in ("passed", "failed", "excepted"))
                ],
            }
        )
    return found


def scorecard(connection: duckdb.DuckDBPyConnection, k: int, disclosures: Iterable[Row]) -> list[Row]:
    """The figures of the trust scorecard; `value` is null where there is none, and `withheld` says if it is kept back.

    What is about fewer than k persons who asked is kept back, and so is a total of addresses from which the months that
    are not shown would follow (`disclosures` are those by month).
    """
    found = rows(connection, "select figure, subject, value from marts.trust_scorecard order by figure, subject")
    honoured = next((row["value"] for row in found if row["figure"] == "requests_honoured"), None) or 0
    hidden = {f"{row['recipient']} for {row['purpose']}" for row in disclosures if row["fewer_than"] is not None}
    figures = []
    for row in found:
        is_withheld = (row["figure"] in _ABOUT_FEW and 0 < honoured < k) or (
            row["figure"] == "addresses_disclosed" and row["subject"] in hidden
        )
        figures.append(
            {
                "figure": row["figure"],
                "subject": row["subject"],
                "value": None if is_withheld or row["value"] is None else _plain(row["value"]),
                "withheld": is_withheld,
                "name": both(lambda words, row=row: words.text(f"scorecard.{row['figure']}.name")),
                "definition": both(lambda words, row=row: words.text(f"scorecard.{row['figure']}.says", k=k)),
            }
        )
    return figures


def _by_run(connection: duckdb.DuckDBPyConnection) -> dict[int, dict[str, Row]]:
    """What came of each rule in each run that made checks."""
    found: dict[int, dict[str, Row]] = {}
    for row in rows(connection, _RULES):
        found.setdefault(row["run"], {})[row["code"]] = row
    return found


def _proves(of_run: Mapping[str, Mapping[str, Any]], rule: str) -> bool:
    result = of_run.get(rule)
    return result is not None and result["passed"] > 0 and result["failed"] == result["excepted"] == 0


def _plain(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)
