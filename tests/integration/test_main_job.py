"""The main job on demo data: what is published, what is in it, and what is not."""

import re
import shutil
import subprocess
from pathlib import Path

import duckdb
import pytest

from bigtrust.settings import PROJECT
from warehouse import PUBLICATIONS, Warehouse

DUCKDB_15 = PROJECT / ".venv" / "duckdb-1.5" / "bin" / "python"
NOT_YET = {"check_exceptions", "disclosures", "reviews"}  # nobody has excepted, given out or reviewed anything
MARTS = {
    "analytics": {
        "about",
        "customers",
        "journeys",
        "product_categories",
        "products",
        "purchase_lines",
        "purchases",
        "returns",
        "touchpoints",
    },
    "insights": {"about", "experience_by_month", "sales_by_category_month", "sales_by_region_month"},
    "finance": {"about", "daily_totals"},
    "marketing": {"about", "audience_members", "campaign_results", "offer_categories", "offer_eligibility"},
    "service": {"about", "contacts", "guarantees"},
    "governance": {
        "about",
        "check_exceptions",
        "check_results",
        "disclosures",
        "erasure_status",
        "forget_offers",
        "landing_due",
        "landing_rows",
        "purposes",
        "rejected_rows",
        "retention_status",
        "recipients",
        "retention_windows",
        "reviews",
        "runs",
        "trust_scorecard",
    },
}


@pytest.mark.parametrize("publication", PUBLICATIONS)
def test_a_publication_opens_alone_and_every_mart_answers(
    published: Warehouse, publication: str, tmp_path: Path
) -> None:
    alone = shutil.copy(published.root / "published" / f"{publication}.duckdb", tmp_path / "renamed.duckdb")
    with duckdb.connect(str(alone), read_only=True) as connection:
        marts = connection.execute(
            "select table_name from information_schema.tables where table_schema = 'marts'"
        ).fetchall()
        assert {name for (name,) in marts} == MARTS[publication]
        for (name,) in marts:
            rows = connection.execute(f"select count(*) from marts.{name}").fetchall()[0][0]
            assert rows > 0 or name in NOT_YET, name


@pytest.mark.parametrize("publication", PUBLICATIONS)
def test_duckdb_1_5_reads_a_publication(published: Warehouse, publication: str, tmp_path: Path) -> None:
    alone = shutil.copy(published.root / "published" / f"{publication}.duckdb", tmp_path / "alone.duckdb")
    script = (
        "import duckdb, sys\n"
        "assert duckdb.__version__.startswith('1.5'), duckdb.__version__\n"
        "c = duckdb.connect(sys.argv[1], read_only=True)\n"
        "q = \"select table_name from information_schema.tables where table_schema = 'marts'\"\n"
        "names = c.execute(q).fetchall()\n"
        "print(sum(c.execute(f'select count(*) from marts.{n}').fetchone()[0] for (n,) in names))\n"
    )
    result = subprocess.run([DUCKDB_15, "-c", script, alone], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) > 0


def test_nothing_is_lost_between_landing_and_staging(published: Warehouse) -> None:
    rows = published.query(
        "governance", "select landing_table, landed, staged, duplicates, rejected, held from marts.landing_rows"
    )
    assert len(rows) == 13
    with duckdb.connect() as connection:
        for table, landed, staged, duplicates, rejected, held in rows:
            assert landed == staged + duplicates + rejected, table
            assert held <= staged, table
            path = published.landing / f"{table}.parquet"
            if path.exists():
                delivered = connection.execute("select count(*) from read_parquet(?)", [str(path)]).fetchall()
                assert delivered == [(landed,)], table
    counts = {table: (duplicates, rejected, held) for table, _, _, duplicates, rejected, held in rows}
    assert counts["customers"][0] > 0
    assert counts["purchases"][1] > 0
    assert counts["purchase_lines"][2] > 0


def test_headers_agree_with_the_lines_that_are_visible(published: Warehouse) -> None:
    assert published.query(
        "analytics",
        """
        select count(*)
        from marts.purchases
        full join (
            select purchase_pseudonym, count(*) as lines, sum(net_amount) as net, sum(quantity) as quantity
            from marts.purchase_lines group by all
        ) as lines using (purchase_pseudonym)
        where purchases.line_count is distinct from lines.lines
            or purchases.net_amount is distinct from lines.net
            or purchases.quantity is distinct from lines.quantity
        """,
    ) == [(0,)]


def test_columns_are_documented_in_the_file(published: Warehouse) -> None:
    for publication in PUBLICATIONS:
        assert (
            published.query(
                publication,
                "select table_name, column_name from duckdb_columns() where schema_name = 'marts' and comment is null",
            )
            == []
        )


def test_about_names_the_run_the_windows_and_that_totals_may_fall(published: Warehouse) -> None:
    facts = dict(published.query("analytics", "from marts.about"))
    assert facts["run"] == "1"
    assert facts["retention_of_purchases"] == "36 months from purchase"
    assert facts["k"] == "5"
    assert facts["as_of"] == "today"
    assert "forgotten" in facts["totals_may_fall"]


def test_rows_are_stored_in_pseudonym_order_so_the_source_order_does_not_show(published: Warehouse) -> None:
    for table in ("customers", "touchpoints"):
        rows = published.query("analytics", f"select person_pseudonym from protected.{table}")
        assert rows == sorted(rows), table
    rows = published.query("analytics", "select purchase_pseudonym from protected.purchase_lines")
    assert rows == sorted(rows)


def test_the_run_is_recorded_with_its_checks(published: Warehouse) -> None:
    assert published.query("governance", "select run, verdict, exit_code, message from marts.runs") == [
        (1, "published", 0, None)
    ]
    verdicts = dict(published.query("governance", "select verdict, count(*) from marts.check_results group by all"))
    assert verdicts["passed"] > 300
    assert "failed" not in verdicts


def test_the_summary_says_what_happened(published: Warehouse) -> None:
    output = (published.root / "output.txt").read_text(encoding="utf-8")
    for heading in ("landed", "rejected", "held", "visible", "Checks:", "Seconds:", "Try this next:"):
        assert heading in output
    command = re.search(r'-c "(.+)"', output)
    assert command is not None
    assert "select region" in command[1]


def test_the_query_that_the_summary_suggests_runs(published: Warehouse) -> None:
    output = (published.root / "output.txt").read_text(encoding="utf-8")
    command = output[output.index("Try this next:") :].splitlines()[1].strip()
    result = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, cwd=PROJECT, check=False)
    assert result.returncode == 0, result.stderr
    assert "Île-de-France" in result.stdout


def test_checks_alone_on_the_candidate_agree(warehouse: Warehouse) -> None:
    before = warehouse.digests()
    result = warehouse.bigtrust("check")
    assert result.exit_code == 0, result.output
    assert " 0 failed" in result.output
    assert warehouse.digests() == before


def test_running_again_changes_no_row_whatever_is_built(warehouse: Warehouse) -> None:
    tables = [f"{publication}:{mart}" for publication in PUBLICATIONS[:-1] for mart in MARTS[publication]]
    tables = [table for table in tables if not table.endswith(":about")]

    def rows() -> dict[str, list[tuple[object, ...]]]:
        # what a view combines comes in no order
        orders = {"analytics:journeys": "order by all", "marketing:offer_eligibility": "order by all"}
        return {
            name: warehouse.query(publication, f"from marts.{mart} {orders.get(name, '')}")
            for name in tables
            for publication, mart in [name.split(":")]
        }

    before = rows()
    assert "Built: changes." in warehouse.run_unchecked().output
    assert rows() == before
    assert "Built: everything: it was asked for." in warehouse.run_unchecked("--full-refresh").output
    assert rows() == before
    assert warehouse.query("governance", "select max(run) from marts.runs") == [(3,)]
