"""Bad input: one clear line, the right exit code, no traceback, no value, the old publication untouched."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from bigtrust import keys, lock, secret
from warehouse import PUBLICATIONS, Warehouse, replace_in

CANARY = "geheim.canary@example.org"


def empty_landing(warehouse: Warehouse) -> None:
    shutil.rmtree(warehouse.landing)
    warehouse.landing.mkdir()


def no_required_table(warehouse: Warehouse) -> None:
    shutil.rmtree(warehouse.landing / "purchases")


def no_required_column(warehouse: Warehouse) -> None:
    (warehouse.landing / "products.csv").write_text(f"name,list_price\n{CANARY},1\n", encoding="utf-8")


def no_header(warehouse: Warehouse) -> None:
    (warehouse.landing / "products.csv").write_text(f"{CANARY},a,b,1\n{CANARY},c,d,1\n", encoding="utf-8")


def unknown_column(warehouse: Warehouse) -> None:
    path = warehouse.landing / "products.csv"
    path.write_text(f"product_id,category_id,loyalty_level\nP-1,a,{CANARY}\n", encoding="utf-8")


def empty_file(warehouse: Warehouse) -> None:
    (warehouse.landing / "products.csv").write_bytes(b"")


def header_only(warehouse: Warehouse) -> None:
    (warehouse.landing / "products.csv").write_text("product_id,category_id,name,list_price\n", encoding="utf-8")


def not_utf8(warehouse: Warehouse) -> None:
    path = warehouse.landing / "products.csv"
    path.write_bytes(b"product_id,name\nP-1,caf\xe9 " + CANARY.encode() + b"\n")


def ragged(warehouse: Warehouse) -> None:
    path = warehouse.landing / "products.csv"
    path.write_text(f"product_id,name\nP-1,a,{CANARY}\n", encoding="utf-8")


def cut_parquet(warehouse: Warehouse) -> None:
    path = warehouse.landing / "returns.parquet"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def unknown_file(warehouse: Warehouse) -> None:
    (warehouse.landing / "customer.csv").write_text(f"customer_id\n{CANARY}\n", encoding="utf-8")


def all_rows_rejected(warehouse: Warehouse) -> None:
    path = warehouse.landing / "support_tickets.csv"
    path.write_text(f"ticket_id,opened_at,message\nK-1,hier,{CANARY}\nK-2,demain,{CANARY}\n", encoding="utf-8")


def unreadable_request(warehouse: Warehouse) -> None:
    path = warehouse.landing / "erasure_requests.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"create table requests as from read_parquet('{path}')")
        connection.execute(
            "update requests set scope = ? where request_id = (select max(request_id) from requests)", [CANARY]
        )
        connection.execute(f"copy requests to '{path}' (format parquet)")


def unreadable_consent(warehouse: Warehouse) -> None:
    path = warehouse.landing / "consents.csv"
    path.write_text(path.read_text(encoding="utf-8") + f"C-1,marketing,{CANARY},2025-01-01 10:00:00,web\n", "utf-8")


def damaged_register(warehouse: Warehouse) -> None:
    (warehouse.root / "register" / "R20260101000000-00000000.json").write_text(f'{{"scope": "{CANARY}', "utf-8")


def unknown_scope_in_register(warehouse: Warehouse) -> None:
    warehouse.bigtrust("forget", "--purchase", CANARY, "--channel", "till")
    (path,) = (warehouse.root / "register").glob("R*.json")
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {"scope": "household"}), "utf-8")


def short_secret(warehouse: Warehouse) -> None:
    warehouse.variables["DBT_ENV_SECRET_BIGTRUST"] = "c0ffee"


def lost_secret(warehouse: Warehouse) -> None:
    warehouse.settings.secret_file.unlink()


def lost_ledger_key(warehouse: Warehouse) -> None:
    warehouse.settings.ledger_key.unlink()


def changed_secret(warehouse: Warehouse) -> None:
    (warehouse.root / "secrets" / "pseudonymisation.key").write_text("ab" * 32 + "\n", encoding="utf-8")


def secret_that_others_can_read(warehouse: Warehouse) -> None:
    (warehouse.root / "secrets" / "pseudonymisation.key").chmod(0o644)


def secret_of_another_warehouse(warehouse: Warehouse) -> None:
    other = Warehouse(warehouse.root / "other")
    secret.load(other.settings, {})
    warehouse.variables["BIGTRUST_LEDGER_KEY_FILE"] = str(warehouse.settings.ledger_key)
    warehouse.variables["BIGTRUST_SECRET_FILE"] = str(other.settings.secret_file)


def lost_rotation(warehouse: Warehouse) -> None:
    keys.remember(warehouse.settings, {"analytics": 2, "marketing": 1})


def damaged_rotation(warehouse: Warehouse) -> None:
    assert warehouse.bigtrust("keys", "rotate", "--domain", "analytics").exit_code == 0
    (warehouse.root / "register" / "key_rotations" / "analytics.2.json").write_text(CANARY, encoding="utf-8")


def published_is_a_file(warehouse: Warehouse) -> None:
    warehouse.variables["BIGTRUST_PUBLISHED"] = str(warehouse.landing / "products.csv")


def read_only_disk(warehouse: Warehouse) -> None:
    warehouse.variables["BIGTRUST_PUBLISHED"] = "/proc/published"


def no_date(warehouse: Warehouse) -> None:
    warehouse.variables["BIGTRUST_AS_OF"] = "hier"


def unknown_retention_category(warehouse: Warehouse) -> None:
    windows = warehouse.own_project() / "seeds" / "policy" / "retention_windows.csv"
    replace_in(windows, "web_events,analytics", "web_visits,analytics")


def impossible_period(warehouse: Warehouse) -> None:
    windows = warehouse.own_project() / "seeds" / "policy" / "retention_windows.csv"
    replace_in(windows, "web_events,analytics,25", "web_events,analytics,0")


def promise_beyond_the_law(warehouse: Warehouse) -> None:
    settings = warehouse.own_project() / "seeds" / "policy" / "settings.csv"
    replace_in(settings, "forget_promise_days,3", "forget_promise_days,29")


def sensitive_category_without_source(warehouse: Warehouse) -> None:
    sensitive = warehouse.own_project() / "seeds" / "policy" / "sensitive_categories.csv"
    sensitive.write_text(f"category_id,reason,legal_source\ntensiometres,{CANARY},\n", encoding="utf-8")


def start_event_of_another_category(warehouse: Warehouse) -> None:
    windows = warehouse.own_project() / "seeds" / "policy" / "retention_windows.csv"
    replace_in(windows, "web_events,analytics,25,event", "web_events,analytics,25,last_activity")


def missing_suite(warehouse: Warehouse) -> None:
    (warehouse.own_project() / "expectations" / "analytics" / "marts" / "returns.yml").unlink()


def misspelled_expectation(warehouse: Warehouse) -> None:
    suite = warehouse.own_project() / "expectations" / "analytics" / "marts" / "products.yml"
    replace_in(suite, "expect_column_values_to_be_unique", "expect_column_values_to_be_uniqe")


def suite_of_an_unknown_relation(warehouse: Warehouse) -> None:
    suite = warehouse.own_project() / "expectations" / "analytics" / "marts" / "products.yml"
    replace_in(suite, "relation: analytics.marts.products", "relation: analytics.marts.product")


def exception_for_an_unknown_code(warehouse: Warehouse) -> None:
    except_checks(warehouse, f"PAT-99,analytics.marts.returns,{CANARY},Data team,Privacy office,2030-01-01")


def exception_without_an_end(warehouse: Warehouse) -> None:
    except_checks(warehouse, f"PAT-01,analytics.marts.returns,{CANARY},Data team,Privacy office,")


def exception_that_has_expired(warehouse: Warehouse) -> None:
    except_checks(warehouse, "PAT-01,analytics.marts.returns,Repairs,Data team,Privacy office,2020-01-31")


def unclassified_column(warehouse: Warehouse) -> None:
    contract = warehouse.own_project() / "models" / "staging" / "_landing__sources.yml"
    replace_in(
        contract,
        "{name: email, description: E-mail address., config: {meta: {identifier_class: direct_identifier}}}",
        "{name: email, description: E-mail address.}",
    )


def contract_switched_off(warehouse: Warehouse) -> None:
    mart = warehouse.own_project() / "models" / "marts" / "analytics" / "analytics__returns.sql"
    mart.write_text("{{ config(contract={'enforced': false}) }}\n" + mart.read_text("utf-8"), encoding="utf-8")


def publication_without_purpose(warehouse: Warehouse) -> None:
    purposes = warehouse.own_project() / "seeds" / "policy" / "purposes.csv"
    replace_in(purposes, "insights,insights,everybody", "insights,analytics,everybody")


def audience_of_two_disjoint_publications(warehouse: Warehouse) -> None:
    edit_purposes(warehouse, "finance,finance,accounting,", 'finance,finance,"accounting, Analysts",')


def everybody_reads_finance(warehouse: Warehouse) -> None:
    edit_purposes(warehouse, "finance,finance,accounting,", "finance,finance,everybody,")


def finance_and_analytics_may_overlap(warehouse: Warehouse) -> None:
    edit_purposes(warehouse, 'analysts,"finance, marketing, service",', 'analysts,"marketing, service",')
    edit_purposes(warehouse, "finance,finance,accounting,analytics,", "finance,finance,accounting,,")


def disjoint_from_an_unknown_publication(warehouse: Warehouse) -> None:
    edit_purposes(warehouse, "finance,finance,accounting,analytics,", "finance,finance,accounting,analytic,")


def unknown_publication(warehouse: Warehouse) -> None:
    path = warehouse.own_project() / "seeds" / "policy" / "purposes.csv"
    path.write_text(path.read_text("utf-8") + "finance,accounts,accounting,,Legal obligation,false,Totals\n", "utf-8")


def finance_honours_erasure(warehouse: Warehouse) -> None:
    edit_purposes(warehouse, '(GDPR art. 17(3)(b))",false', '(GDPR art. 17(3)(b))",true')


def except_checks(warehouse: Warehouse, *rows: str) -> None:
    path = warehouse.own_project() / "seeds" / "policy" / "check_exceptions.csv"
    path.write_text("\n".join([path.read_text("utf-8").strip(), *rows]) + "\n", encoding="utf-8")


def edit_purposes(warehouse: Warehouse, old: str, new: str) -> None:
    project = warehouse.project if warehouse.project.is_relative_to(warehouse.root) else warehouse.own_project()
    replace_in(project / "seeds" / "policy" / "purposes.csv", old, new)


CASES: list[tuple[Callable[[Warehouse], None], int, str]] = [
    (empty_landing, 3, "holds no landing file"),
    (no_required_table, 3, "Required table purchases is missing"),
    (no_required_column, 3, "products (products.csv) lacks the column product_id"),
    (no_header, 3, "products (products.csv) lacks the column product_id"),
    (unknown_column, 3, "products (products.csv) has the unknown column loyalty_level"),
    (empty_file, 3, "products (products.csv) is an empty file"),
    (header_only, 3, "A required landing table holds no row"),
    (not_utf8, 3, "products (products.csv) is not UTF-8"),
    (ragged, 3, "products (products.csv) is no well-formed CSV"),
    (cut_parquet, 3, "returns (returns.parquet) is no readable Parquet file"),
    (unknown_file, 3, "customer.csv is no table of the landing contract. Did you mean customers?"),
    (all_rows_rejected, 3, "All rows of a landing table were rejected"),
    (unreadable_request, 3, "erasure_requests: 1 × scope_unknown, first in erasure_requests.parquet row"),
    (unreadable_consent, 3, "consents: 1 × granted_unreadable, first in consents.csv row"),
    (damaged_register, 3, "is no readable erasure request"),
    (unknown_scope_in_register, 3, "register_requests: 1 × scope_unknown"),
    (short_secret, 2, "holds fewer than 32 bytes"),
    (lost_secret, 2, "Restore the secret from your backup"),
    (lost_ledger_key, 2, "Restore the key from your backup"),
    (changed_secret, 2, "it is not the one that made the pseudonyms"),
    (secret_of_another_warehouse, 2, "it is not the one that made the pseudonyms"),
    (secret_that_others_can_read, 2, "can be read by others (mode 644). Run `chmod 600` on it"),
    (lost_rotation, 2, "A key rotation of the domain analytics is lost"),
    (damaged_rotation, 2, "key_rotations/analytics.2.json is damaged"),
    (published_is_a_file, 2, "published folder:"),
    (read_only_disk, 2, "cannot be"),
    (no_date, 2, "is not a date"),
    (unknown_retention_category, 2, "retention_windows.csv holds an unknown data category"),
    (impossible_period, 2, "period_months must be a whole number from 1 to 1200"),
    (promise_beyond_the_law, 2, "forget_promise_days one from 1 to 28 (GDPR art. 12(3) allows one month at the latest"),
    (sensitive_category_without_source, 2, "sensitive_categories.csv: category_id, reason or legal_source is empty"),
    (start_event_of_another_category, 2, "a start_event does not fit its data category"),
    (missing_suite, 2, "analytics.marts.returns"),
    (contract_switched_off, 2, "Model analytics__returns goes into a publication without an enforced contract"),
    (publication_without_purpose, 2, "Publication insights has no purpose"),
    (audience_of_two_disjoint_publications, 2, "one audience reads two publications that must not overlap"),
    (everybody_reads_finance, 2, "one audience reads two publications that must not overlap"),
    (finance_and_analytics_may_overlap, 2, "analytics and finance must not overlap"),
    (disjoint_from_an_unknown_publication, 2, "must_not_overlap_with names an unknown publication"),
    (unknown_publication, 2, "purposes.csv holds an unknown publication"),
    (finance_honours_erasure, 2, "Publication finance honours erasure (seeds/policy/purposes.csv), but"),
    (unclassified_column, 2, "CLS-01: Column customers.email"),
    (misspelled_expectation, 2, "there is no expectation expect_column_values_to_be_uniqe. Did you mean expect_column"),
    (suite_of_an_unknown_relation, 2, "there is no analytics.marts.product. Did you mean analytics.marts.products?"),
    (exception_for_an_unknown_code, 2, "check_exceptions.csv row 2: there is no check of this code. Did you mean PAT-"),
    (exception_without_an_end, 2, "check_exceptions.csv row 2: expires_on is empty"),
    (exception_that_has_expired, 1, "EXC-01: PAT-01 on analytics.marts.returns has expired on 2020-01-31."),
]


# A run builds and tests the tables of the policy as a preview does, and goes on with what else it can build.
OF_THE_POLICY_TABLES = (
    *(impossible_period, promise_beyond_the_law, sensitive_category_without_source, start_event_of_another_category),
    *(audience_of_two_disjoint_publications, finance_and_analytics_may_overlap, disjoint_from_an_unknown_publication),
    unknown_publication,
)

# The vault and the candidates stay as they were, too.
BEFORE_ANYTHING_IS_BUILT = (
    *(
        short_secret,
        lost_secret,
        lost_ledger_key,
        changed_secret,
        secret_of_another_warehouse,
        secret_that_others_can_read,
    ),
    *(lost_rotation, damaged_rotation),
    *(misspelled_expectation, suite_of_an_unknown_relation, exception_for_an_unknown_code, exception_that_has_expired),
)


def built(warehouse: Warehouse) -> dict[str, bytes]:
    """The databases of the warehouse folder, governance's aside, which every run changes."""
    paths = [warehouse.settings.vault, *warehouse.settings.candidates.glob("*.duckdb")]
    return {path.name: path.read_bytes() for path in paths if path.stem != "governance"}


@pytest.mark.parametrize(("break_it", "exit_code", "sentence"), CASES, ids=[case[0].__name__ for case in CASES])
def test_bad_input_stops_the_run_with_one_clear_line(
    warehouse: Warehouse, break_it: Callable[[Warehouse], None], exit_code: int, sentence: str
) -> None:
    before, databases = warehouse.digests(), built(warehouse)
    break_it(warehouse)

    result = warehouse.bigtrust("preview" if break_it in OF_THE_POLICY_TABLES else "run")

    assert result.exit_code == exit_code, result.output
    if break_it in BEFORE_ANYTHING_IS_BUILT:
        assert built(warehouse) == databases
    assert sentence in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    assert "Traceback" not in result.output
    assert CANARY not in result.output
    assert warehouse.digests() == before
    assert not leaks_in(warehouse.root / "warehouse", CANARY)


def leaks_in(folder: Path, text: str) -> list[Path]:
    """Files of logs, artefacts, pages and records that hold a text."""
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and path.suffix not in (".duckdb", ".wal") and text.encode() in path.read_bytes()
    ]


def test_a_mart_without_rows_where_landing_had_some_is_refused(warehouse: Warehouse) -> None:
    before = warehouse.digests()
    mart = warehouse.own_project() / "models" / "marts" / "analytics" / "analytics__returns.sql"
    replace_in(mart, "visible_until > {{ today() }}", "visible_until > {{ today() }} and false")
    result = warehouse.bigtrust("run")
    assert result.exit_code == 1, result.output
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    assert warehouse.digests() == before
    refused = warehouse.query(
        "governance",
        "select relation, examined, reason from marts.check_results "
        "where run = 2 and code = 'ROW-01' and verdict <> 'passed' and verdict <> 'not applicable'",
    )
    assert refused == [("analytics.marts.returns", 0, "examined nothing")]


def test_a_manifest_of_another_version_of_dbt_is_not_checked_with(warehouse: Warehouse) -> None:
    """dbt parses, but was told to write nothing; what lies there is from before an upgrade."""
    warehouse.own_project()
    warehouse.variables["DBT_WRITE_JSON"] = "false"
    manifest = warehouse.settings.dbt_target / "manifest.json"
    replace_in(manifest, "dbt/manifest/v12.json", "dbt/manifest/v11.json")
    result = warehouse.bigtrust("check")
    assert result.exit_code == 2, result.output
    assert "is of another version of dbt than the one installed here" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr


def test_a_failed_data_test_is_recorded_with_its_code(warehouse: Warehouse) -> None:
    unreadable_consent(warehouse)
    result = warehouse.bigtrust("run")
    assert "Error: REQ-01: " in result.stderr
    assert warehouse.query(
        "governance", "select code, suite, violations from marts.check_results where run = 2 and verdict = 'failed'"
    ) == [("REQ-01", "build", 1)]


def test_governance_says_why_a_run_was_stopped(warehouse: Warehouse) -> None:
    empty_file(warehouse)
    assert warehouse.bigtrust("run").exit_code == 3
    runs = warehouse.query("governance", "select run, verdict, exit_code, message from marts.runs order by run")
    assert runs[0][1:3] == ("published", 0)
    assert runs[1][1:3] == ("stopped", 3)
    assert "empty file" in runs[1][3]
    assert warehouse.query("governance", "select count(*) > 0 from marts.landing_rows") == [(True,)]
    status = warehouse.bigtrust("status")
    assert status.exit_code == 1
    assert "empty file" in status.output


def test_a_second_run_says_who_holds_the_lock(warehouse: Warehouse) -> None:
    with lock.exclusive(warehouse.settings.warehouse):
        result = warehouse.bigtrust("run")
    assert result.exit_code == 4
    assert "holds the lock" in result.stderr
    assert "process" in result.stderr


def test_the_first_run_can_fail_and_the_second_succeed(published: Warehouse, tmp_path: Path) -> None:
    fresh = Warehouse(tmp_path / "fresh")
    fresh.root.mkdir()
    assert fresh.bigtrust("run").exit_code == 3
    shutil.copytree(published.landing, fresh.landing)
    fresh.run_unchecked()
    assert [row[0] for row in fresh.query("governance", "select verdict from marts.runs order by run")] == [
        "stopped",
        "published",
    ]


def test_a_first_run_without_a_usable_secret_leaves_no_vault_behind(published: Warehouse, tmp_path: Path) -> None:
    fresh = Warehouse(tmp_path / "fresh")
    shutil.copytree(published.landing, fresh.landing)
    short_secret(fresh)
    assert fresh.bigtrust("run").exit_code == 2
    assert not fresh.settings.vault.exists()
    fresh.variables.clear()
    fresh.run_unchecked()


@pytest.mark.parametrize("size", ["2m", "12m"])
def test_a_full_disk_leaves_the_old_publications(warehouse: Warehouse, size: str) -> None:
    before = warehouse.digests()
    small = warehouse.root / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", small], check=False).returncode:
        pytest.skip("mounting a small disk needs the rights of root")
    try:
        warehouse.variables["BIGTRUST_WAREHOUSE"] = str(small)
        result = warehouse.bigtrust("run")
    finally:
        subprocess.run(["umount", "-l", small], check=True)
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    assert "disk" in result.stderr
    assert warehouse.digests() == before


@pytest.mark.parametrize("seconds", [6.0, 11.0])
def test_a_killed_run_leaves_the_old_publications_and_the_next_run_publishes(
    warehouse: Warehouse, seconds: float
) -> None:
    before = warehouse.digests()
    command = [sys.executable, "-m", "bigtrust.cli", "run"]
    process = subprocess.Popen(command, env=os.environ | warehouse.environment, stdout=subprocess.PIPE)
    time.sleep(seconds)
    assert process.poll() is None, "the run ended before it was killed"
    process.kill()
    process.wait()
    assert warehouse.digests() == before
    for publication in PUBLICATIONS:
        assert warehouse.query(publication, "select count(*) > 0 from marts.about") == [(True,)]
    warehouse.run_unchecked()
    assert not list((warehouse.root / "published").glob(".*"))


def test_governance_counts_the_reasons_of_what_blocked_the_run(warehouse: Warehouse) -> None:
    unreadable_consent(warehouse)
    assert warehouse.bigtrust("run").exit_code == 3
    reasons = (
        "select rejected from marts.rejected_rows where landing_table = 'consents' and reason = 'granted_unreadable'"
    )
    assert warehouse.query("governance", reasons) == [(1,)]
    assert warehouse.query("governance", "select max(run) from marts.runs") == [(2,)]
