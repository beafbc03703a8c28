"""A shop with a past for tests of the public site: the published demo, and what happened to it since.

Its governance gets rows as runs, disclosures and exceptions leave them; its ledger and its receipts are real.
"""

import csv
import io
from pathlib import Path

import duckdb

from bigtrust import ledger, signed_receipts
from bigtrust.register import Request, read
from bigtrust.settings import PROJECT
from warehouse import Warehouse

# Run 2 was refused: RET-01 failed, PAT-01 is excepted, OPT-01 had nothing to look at. Addresses were given out in two
# months, once to fewer than k persons.
PAST = """
    insert into marts.check_results by name
    select
        * replace (
            2 as run,
            case
                when code in ('RET-01', 'PAT-01') and relation like 'analytics.protected.returns' then 'failed'
                when code = 'OPT-01' then 'not applicable'
                else verdict
            end as verdict,
            case
                when code = 'PAT-01' and relation like 'analytics.protected.returns' then 'until 2027-01-31'
            end as exception
        )
    from marts.check_results
    where run = 1;

    insert into marts.runs by name
    select
        2 as run,
        'refused' as verdict,
        1 as exit_code,
        'Checks failed, so nothing was published: RET-01 on analytics.protected.returns.' as message,
        '' as as_of,
        (select count(*) from marts.check_results where run = 2 and verdict = 'passed') as checks_passed,
        (select count(*) from marts.check_results where run = 2 and verdict = 'failed') as checks_failed,
        (select count(*) from marts.check_results where run = 2 and verdict = 'not applicable')
            as checks_not_applicable,
        21.5 as seconds,
        started_at + interval 1 day as started_at,
        finished_at + interval 1 day as finished_at
    from marts.runs
    where run = 1;

    insert into marts.check_exceptions values
    (
        'PAT-01', 'analytics.protected.returns', 'Product numbers look like addresses.', 'Data team', 'Privacy office',
        date '2027-01-31'
    );

    insert into marts.disclosures by name
    select
        'offer' as kind, 'winter' as campaign, 'lave-linge' as subject, recipient, 'marketing' as purpose,
        'Consent (GDPR art. 6(1)(a))' as legal_basis, 'first_name email' as columns, persons,
        '2026-11-26' as policy_version, repeat('0a', 32) as commitment, date '2026-12-31' as use_until, disclosed_at
    from (values
        ('courriels-de-loire', 40, timestamp '2026-10-05 10:00:00'),
        ('courriels-de-loire', 2, timestamp '2026-10-07 10:00:00'),
        ('courriels-de-loire', 3, timestamp '2026-11-05 10:00:00'),
        ('imprimerie-du-marais', 1234, timestamp '2026-11-06 10:00:00')
    ) as given(recipient, persons, disclosed_at);

    insert into marts.trust_scorecard
    select 'addresses_disclosed', recipient || ' for ' || purpose, sum(persons)
    from marts.disclosures
    group by all;

    update marts.trust_scorecard set value = 1234.5 where figure = 'days_to_honour_median';
    update marts.trust_scorecard set value = 12 where figure = 'requests_honoured';
"""


def with_a_past(warehouse: Warehouse) -> None:
    """Let the warehouse have a refused run, disclosures, an exception, and two versions of its policy."""
    governance = warehouse.settings.published / "governance.duckdb"
    with duckdb.connect(str(governance)) as connection:
        connection.execute(PAST)
    tables = {path.name: path.read_text(encoding="utf-8") for path in (PROJECT / "seeds/policy").glob("*.csv")}
    tables["retention_windows.csv"] = without(
        tables["retention_windows.csv"].replace("purchases,analytics,36,", "purchases,analytics,24,"),
        "returns,marketing",
    )
    policy = {"kind": "policy", "version": "2027-01-01", "tables": tables}
    ledger.append(warehouse.settings, lambda _: [policy])


def without(table: str, start: str) -> str:
    """A table of the policy without the row that starts so."""
    lines = table.splitlines(keepends=True)
    assert sum(line.startswith(start) for line in lines) == 1
    return "".join(line for line in lines if not line.startswith(start))


def receipt(warehouse: Warehouse, *, is_effective: bool) -> Path:
    """Ask that a customer's category be forgotten; give the file of its receipt.

    If `is_effective`, the ledger gets the entry that a run writes when a request takes effect, the receipt its proof.
    """
    before = set(read(warehouse.settings.register))
    asked = warehouse.bigtrust("forget", "--customer", "C-1", "--category", "lave-linge", "--channel", "till")
    assert asked.exit_code == 0, asked.output
    ((name, request),) = ((name, it) for name, it in read(warehouse.settings.register).items() if name not in before)
    if is_effective:
        take_effect(warehouse, name, request)
    output = warehouse.root / "mine"
    path, has_proof, _ = signed_receipts.write_for(warehouse.settings, request.request_id, output)
    assert has_proof == is_effective
    return path


def take_effect(warehouse: Warehouse, name: str, request: Request) -> None:
    """Append the entry that a run writes, among others."""
    commitment = signed_receipts.Receipts(warehouse.settings).commitment(name, request)
    others = [{"kind": "run_started", "run": run, "as_of": None} for run in range(3, 9)]
    effect = {"kind": "request_effective", "run": 7, "commitment": commitment}
    ledger.append(warehouse.settings, lambda _: [*others, effect, *others])


def rows_of(table: str) -> list[dict[str, str]]:
    """The rows of a policy table of this project."""
    text = (PROJECT / "seeds" / "policy" / f"{table}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text)))
