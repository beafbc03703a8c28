"""What a run leaves is searched before anything is published."""

from warehouse import Warehouse

EXAMINED = {
    *("dbt target", "dbt logs", "Data Docs", "other files of the warehouse", "ledger"),
    *(f"candidate {name}" for name in ("analytics", "insights", "finance", "marketing", "service", "governance")),
}
NOT_THERE = {"run records", "till and other published files", "site"}  # in the first run
JUDGED = "select relation, verdict, examined from marts.check_results where run = 1 and code = ?"


def test_every_kind_of_file_of_a_run_is_searched(published: Warehouse) -> None:
    for code in ("ART-01", "ART-02"):
        rows = {
            relation: (verdict, examined) for relation, verdict, examined in published.query("governance", JUDGED, code)
        }
        assert set(rows) == EXAMINED | NOT_THERE
        assert all(rows[kind][0] == "passed" and rows[kind][1] > 0 for kind in EXAMINED)
        assert all(rows[kind] == ("not applicable", 0) for kind in NOT_THERE)
        assert rows["dbt target"][1] > 100


def test_the_search_finds_a_value_of_every_landing_column(published: Warehouse) -> None:
    rows = published.query(
        "governance", "select verdict, examined, reason from marts.check_results where run = 1 and code = 'ART-03'"
    )
    assert {verdict for verdict, _, _ in rows} == {"passed"}
    assert min(examined for _, examined, _ in rows) > 100
    # the demo registers no request of its own; all other columns have a value to hide
    reason = next(reason for _, _, reason in rows if reason)
    assert {column.split(".")[0] for column in reason.split(" in ")[1].split(", ")} == {"register_requests"}


MODEL = "models/protected/analytics/protected_analytics__customers.sql"
TALK = """{%- if execute -%}
{%- do log(run_query("select max(email) from vault.staging.base_customers").rows[0][0], info=true) -%}
{%- endif -%}
"""


def test_a_value_in_a_log_is_found_until_the_log_is_removed(warehouse: Warehouse) -> None:
    before = warehouse.digests()
    model = warehouse.own_project() / MODEL
    silent = model.read_text(encoding="utf-8")
    model.write_text(TALK + silent, encoding="utf-8")

    result = warehouse.bigtrust("run")

    assert result.exit_code == 1, result.output
    assert "nothing was published: ART-01 on dbt logs, FLW-05 on hooks." in result.stderr
    assert warehouse.digests() == before
    failed = "select relation, reason from marts.check_results where run = 2 and verdict = 'failed' order by code"
    called = [f"protected_analytics__customers calls {what}, which no lineage follows" for what in ("log", "run_query")]
    assert warehouse.query("governance", failed) == [
        ("dbt logs", "dbt.log holds a value of customers.email (direct_identifier)"),
        ("hooks", "; ".join(called)),
    ]

    model.write_text(silent, encoding="utf-8")
    assert warehouse.bigtrust("check", "--only", "ART-01").exit_code == 1  # dbt keeps its log
    (warehouse.settings.dbt_logs / "dbt.log").unlink()
    assert warehouse.bigtrust("check", "--only", "ART-01").exit_code == 0


def test_the_canary_of_the_demo_is_in_the_vault_and_in_no_file_of_the_run(published: Warehouse) -> None:
    names = published.vault(
        "select lower(last_name), lower(email) from staging.base_customers where street ilike '%canari%'"
    )
    assert names
    assert all("canari" in last_name for last_name, _ in names)
    folders = [
        published.root / "published",
        *(published.root / "warehouse" / name for name in ("dbt", "data_docs", "runs")),
    ]
    searched = [
        path for folder in [*folders, published.settings.candidates] for path in folder.rglob("*") if path.is_file()
    ]
    assert len(searched) > 100
    assert [path for path in searched if b"canari" in path.read_bytes().lower()] == []
