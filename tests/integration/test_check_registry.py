"""What a run records is in the registry; checks can be listed, made one by one, and excepted for some time."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bigtrust import registry
from bigtrust.registry import CHECKS, CODES
from bigtrust.settings import PROJECT
from warehouse import Warehouse, show_areas_as_countries

RELATIONS = ("analytics.marts.customers", "analytics.protected.customers")
IN_A_MONTH = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
EXCEPTED = f"until {IN_A_MONTH}, owner: Data team, approved by: Privacy office"


def except_checks(project: Path, *code_and_object: tuple[str, str], until: str = IN_A_MONTH) -> None:
    """Write the exceptions of a project."""
    rows = [f"{code},{name},Two shops abroad,Data team,Privacy office,{until}" for code, name in code_and_object]
    path = project / "seeds" / "policy" / "check_exceptions.csv"
    header = path.read_text(encoding="utf-8").splitlines()[0]
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")


def test_every_code_that_a_run_records_is_in_the_registry_with_its_kind(published: Warehouse) -> None:
    known = {check.code: check for check in registry.every(PROJECT)}
    recorded = published.query(
        "governance", "select distinct code, suite, severity, publication from marts.check_results"
    )
    for code, suite, severity, _ in recorded:
        kind = "data" if suite in ("baseline", "written") else suite
        assert (known[code].kind, known[code].severity) == (kind, severity), code


def test_every_code_of_the_registry_is_used(published: Warehouse) -> None:
    recorded = {code for (code,) in published.query("governance", "select distinct code from marts.check_results")}
    program = [path for path in (PROJECT / "scripts" / "bigtrust").rglob("*.py") if path.name != "registry.py"]
    sources = "".join(path.read_text(encoding="utf-8") for path in program)
    assert [code for code in sorted(CODES - recorded) if code not in sources] == []
    made_by_a_run = {check.code for check in CHECKS if check.kind in ("static", "build", "data")}
    assert made_by_a_run <= recorded


def test_what_stops_a_run_is_recorded_as_passed_with_how_much_it_examined(published: Warehouse) -> None:
    assert published.query(
        "governance",
        "select code, count(*) from marts.check_results where suite = 'static' and verdict = 'passed' and examined > 0 "
        "and code in ('CLS-01', 'CON-01', 'SUI-01', 'ERA-01', 'PSE-03') group by all order by all",
    ) == [("CLS-01", 1), ("CON-01", 6), ("ERA-01", 6), ("PSE-03", 3), ("SUI-01", 6)]
    assert published.query("governance", "select verdict, reason from marts.check_results where code = 'EXC-01'") == [
        ("not applicable", "the policy has no exception")
    ]
    assert published.query(
        "governance", "select publication, examined > 0 from marts.check_results where code = 'OBJ-01' order by all"
    ) == [(name, True) for name in ("analytics", "finance", "governance", "insights", "marketing", "service")]


def test_all_checks_are_listed_one_line_each_in_a_pipe(published: Warehouse) -> None:
    result = published.bigtrust("check", "--list")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert len(lines) == 1 + len(registry.every(PROJECT))
    (line,) = [line for line in lines if line.split()[0] == "FDT-04"]
    assert line.split()[1:3] == ["data", "critical"]
    assert r"^[\p{L}\p{N}][\p{L}\p{N} .,&()'/_-]{0,59}$" in line


def test_only_the_checks_that_were_asked_for_are_made(warehouse: Warehouse) -> None:
    pages = {path: path.read_bytes() for path in warehouse.settings.data_docs.rglob("*.html")}
    result = warehouse.bigtrust("check", "--only", "ROW-01", "--only", "CUS-05")
    assert result.exit_code == 0, result.output
    relations = warehouse.query(
        "governance", "select count(*) from marts.check_results where code in ('ROW-01', 'CUS-05')"
    )
    passed, failed, not_applicable = (
        int(word) for word in result.stdout.split("Checks: ")[1].split() if word.isdigit()
    )
    assert passed + not_applicable == relations[0][0]
    assert failed == 0
    assert {path: path.read_bytes() for path in warehouse.settings.data_docs.rglob("*.html")} == pages


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--only", "ROW-1"], "There is no check ROW-1. Did you mean ROW-0"),
        (["--only", "ROW-02"], "ROW-02 is no check of the candidates: dbt makes it while a run builds"),
        (["--only", "MET-01"], "MET-01 is no check of the candidates: it builds again with other data"),
        (["--only", "ROW-01", "--list"], "Say one thing"),
    ],
)
def test_what_cannot_be_checked_alone_is_said(published: Warehouse, arguments: list[str], sentence: str) -> None:
    result = published.bigtrust("check", *arguments)
    assert result.exit_code == 2, result.output
    assert sentence in result.stderr


def test_an_excepted_failure_is_published_shown_everywhere_and_ends(warehouse: Warehouse) -> None:
    project = warehouse.own_project()
    show_areas_as_countries(project)
    except_checks(project, ("CUS-05", f"{RELATIONS[0]}.country"), ("ROW-01", RELATIONS[0]))
    warehouse.run_unchecked()
    refused = warehouse.bigtrust("check", "--only", "CUS-05")
    assert refused.exit_code == 1, refused.output
    assert "CUS-05 failed on analytics.protected.customers.country" in refused.output
    assert "CUS-05 failed on analytics.marts.customers.country" not in refused.output

    except_checks(project, *(("CUS-05", f"{name}.country") for name in RELATIONS), ("ROW-01", RELATIONS[0]))
    output = warehouse.run().output
    assert "2 failed (2 excepted)" in output
    for name in RELATIONS:
        assert f"excepted: CUS-05 on {name}.country, {EXCEPTED}" in output
    assert f"unused exception: ROW-01 on {RELATIONS[0]} does not fail" in output

    assert warehouse.query(
        "governance",
        "select relation, column_name, verdict, exception from marts.check_results "
        "where run = 3 and verdict = 'failed' order by all",
    ) == [(name, "country", "failed", EXCEPTED) for name in RELATIONS]
    assert warehouse.query("governance", "select count(*), max(expires_on)::varchar from marts.check_exceptions") == [
        (3, IN_A_MONTH)
    ]
    assert warehouse.query(
        "governance", "select verdict, examined from marts.check_results where code = 'EXC-01' and run = 3"
    ) == [("passed", 3)]
    index = (warehouse.settings.data_docs / "index.html").read_text(encoding="utf-8")
    assert index.count(EXCEPTED) == 2

    checked = warehouse.bigtrust("check", "--only", "CUS-05")
    assert checked.exit_code == 0, checked.output
    assert "excepted: CUS-05" in checked.output
    assert "unused" not in checked.output

    except_checks(project, *(("CUS-05", f"{name}.country") for name in RELATIONS), until="2020-01-31")
    published = warehouse.digests()
    refused = warehouse.bigtrust("run")
    assert refused.exit_code == 1, refused.output
    assert "EXC-01: CUS-05 on analytics.marts.customers.country has expired on 2020-01-31;" in refused.stderr
    assert warehouse.digests() == published
    assert warehouse.query(
        "governance", "select verdict, violations from marts.check_results where run = 4 and code = 'EXC-01'"
    ) == [("failed", 2)]
    checked = warehouse.bigtrust("check", "--only", "CUS-05", "--only", "EXC-01")
    assert checked.exit_code == 1, checked.output
    assert "EXC-01 failed on seeds/policy/check_exceptions.csv" in checked.output
    assert "CUS-05 failed on analytics.marts.customers.country" in checked.output
