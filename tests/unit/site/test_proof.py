"""What proves a claim, and what is told of few persons."""

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from bigtrust.claims import Claim
from bigtrust.errors import ConfigurationError
from bigtrust.site import held, proof

CLAIM = Claim("KEEP-1", ("RET-01", "RET-02"), {"fr": "Une phrase.", "en": "A sentence."})


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(
            """
            create schema marts;
            create table marts.runs (run integer, verdict varchar, message varchar, started_at timestamp,
                finished_at timestamp, checks_passed bigint, checks_failed bigint, checks_not_applicable bigint);
            create table marts.check_results (run integer, code varchar, verdict varchar, exception varchar,
                examined bigint, violations bigint);
            create table marts.trust_scorecard (figure varchar, subject varchar, value decimal(18, 2));
            create table marts.disclosures (recipient varchar, purpose varchar, persons integer,
                disclosed_at timestamp);
            """
        )
        yield connection


def add(
    connection: duckdb.DuckDBPyConnection,
    run: int,
    *results: tuple[str, str] | tuple[str, str, str],
    verdict: str = "published",
) -> None:
    connection.execute(
        "insert into marts.runs values (?, ?, null, timestamp '2026-11-26 03:00:00', null, 0, 0, 0)", [run, verdict]
    )
    for code, verdict, *exception in results:
        connection.execute(
            "insert into marts.check_results values (?, ?, ?, ?, 1, 0)", [run, code, verdict, *(exception or [None])]
        )


def told(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    (claim,) = proof.claims(connection, [CLAIM])
    return claim


GOOD = (("RET-01", "passed"), ("RET-02", "passed"))


def test_a_claim_is_proven_by_the_last_run_in_which_all_its_rules_passed(connection: Any) -> None:
    add(connection, 1, *GOOD)
    add(connection, 2, *GOOD, ("RET-02", "not applicable"))
    claim = told(connection)
    assert (claim["state"], claim["run"], claim["proven_at"]) == ("proven", 2, "2026-11-26T03:00:00Z")
    assert claim["text"] == {"fr": "Une phrase.", "en": "A sentence."}


@pytest.mark.parametrize(
    ("last", "why"),
    [
        ((("RET-01", "passed"), ("RET-02", "passed"), ("RET-02", "failed")), "failed"),
        ((("RET-01", "passed"), ("RET-02", "not applicable")), "nothing_examined"),
        ((("RET-01", "passed"),), "nothing_examined"),
        ((("RET-01", "passed"), ("RET-02", "failed", "until 2027-01-31")), "excepted"),
        ((*GOOD, ("RET-02", "failed", "until 2027-01-31")), "excepted"),
    ],
    ids=["failed", "not applicable", "not made", "only an exception", "an exception beside a check that passed"],
)
@pytest.mark.parametrize("verdict", ["published", "refused"])
def test_what_the_last_run_did_not_prove_is_said_with_the_run_that_did(
    connection: Any, last: tuple[Any, ...], why: str, verdict: str
) -> None:
    add(connection, 1, *GOOD)
    add(connection, 2, *last, verdict=verdict)
    claim = told(connection)
    assert (claim["state"], claim["run"]) == ("earlier", 1)
    reasons = ("failed", "excepted", "nothing_examined")
    assert {name: claim[name] for name in reasons} == {name: ["RET-02"] if name == why else [] for name in reasons}


def test_a_rule_that_failed_with_and_without_an_exception_is_said_to_have_done_both(connection: Any) -> None:
    add(connection, 1, *GOOD, ("RET-02", "failed"), ("RET-02", "failed", "until 2027-01-31"), verdict="refused")
    claim = told(connection)
    assert (claim["failed"], claim["excepted"], claim["nothing_examined"]) == (["RET-02"], ["RET-02"], [])


def test_a_run_that_did_not_publish_proves_nothing_although_no_rule_of_the_claim_failed(connection: Any) -> None:
    add(connection, 1, *GOOD)
    add(connection, 2, *GOOD, ("RET-03", "failed"), verdict="refused")
    claim = told(connection)
    assert (claim["state"], claim["run"]) == ("earlier", 1)
    assert (claim["failed"], claim["excepted"], claim["nothing_examined"]) == ([], [], [])


def test_the_last_run_that_published_is_known_however_long_ago(connection: Any) -> None:
    assert proof.published_run(connection) is None
    add(connection, 1, *GOOD)
    for run in range(2, proof.SHOWN_RUNS + 5):
        add(connection, run, verdict="stopped")
    assert 1 not in {run["run"] for run in proof.runs(connection)}
    assert proof.published_run(connection) == 1


def test_how_a_run_ended_is_said_without_its_message(connection: Any) -> None:
    add(connection, 1, *GOOD)
    connection.execute("update marts.runs set message = '/srv/landing/customers.csv'")
    assert "/srv/landing" not in str(proof.runs(connection))


def test_rules_that_passed_in_different_runs_prove_nothing_together(connection: Any) -> None:
    add(connection, 1, ("RET-01", "passed"), ("RET-02", "failed"))
    add(connection, 2, ("RET-01", "failed"), ("RET-02", "passed"))
    assert (told(connection)["state"], told(connection)["run"]) == ("never", None)


def test_an_excepted_failure_among_passes_is_shown_and_proves_nothing(connection: Any) -> None:
    add(connection, 1, *GOOD, ("RET-02", "failed", "until 2027-01-31"))
    assert told(connection)["state"] == "never"
    connection.execute("update marts.runs set checks_passed = 2, checks_failed = 1")
    (run,) = proof.runs(connection)
    assert (run["passed"], run["failed"], run["excepted"]) == (2, 0, 1)


def test_a_run_that_stopped_before_its_checks_is_told_and_proves_nothing(connection: Any) -> None:
    add(connection, 1, *GOOD)
    add(connection, 2)
    assert told(connection)["state"] == "proven"
    assert proof.checked_run(connection) == 1
    assert [run["run"] for run in proof.runs(connection)] == [2, 1]


def test_a_recipient_outside_the_european_economic_area_is_told_with_what_allows_the_transfer(connection: Any) -> None:
    basis = "Consent (GDPR art. 6(1)(a)): it can be withdrawn at any time"  # any text of which the French is known
    connection.execute(
        "create table marts.recipients as select * from (values ('mail', 'FR', null), ('post', 'CH', ?)) as "
        "given(recipient, country, transfer_basis), (select 'A' as name, 'recall' as purpose, ? as legal_basis, "
        "'email' as columns, date '2026-01-01' as contract_on)",
        [basis, basis],
    )
    inside, outside = held.recipients(connection)
    assert inside["transfer_basis"] is None
    assert outside["transfer_basis"]["en"].replace("\u00a0", " ") == basis
    assert outside["transfer_basis"]["fr"].startswith("Consentement")


def test_without_any_run_there_is_no_site(connection: Any) -> None:
    with pytest.raises(ConfigurationError, match="knows of no run"):
        proof.runs(connection)


def scorecard(connection: Any, k: int = 5) -> dict[tuple[str, str], Any]:
    given = proof.scorecard(connection, k, held.disclosures(connection, k))
    return {(row["figure"], row["subject"]): (row["value"], row["withheld"]) for row in given}


@pytest.mark.parametrize(("honoured", "is_told"), [(0, True), (1, False), (4, False), (5, True)])
def test_of_fewer_than_k_requests_neither_number_nor_days_are_told(
    connection: Any, honoured: int, is_told: bool
) -> None:
    connection.execute(
        "insert into marts.trust_scorecard values ('requests_honoured', 'all', ?), "
        "('days_to_honour_median', 'all', 2.5), ('offers_not_sent', 'all', 3)",
        [honoured],
    )
    figures = scorecard(connection)
    assert figures["requests_honoured", "all"] == ((honoured, False) if is_told else (None, True))
    assert figures["days_to_honour_median", "all"] == ((2.5, False) if is_told else (None, True))
    assert figures["offers_not_sent", "all"] == (3, False)


def test_a_month_of_fewer_than_k_addresses_is_grouped_and_no_total_gives_it_away(connection: Any) -> None:
    connection.execute(
        """
        insert into marts.disclosures values
            ('post', 'marketing', 3, timestamp '2026-11-05'), ('post', 'marketing', 40, timestamp '2026-10-05'),
            ('mail', 'marketing', 3, timestamp '2026-11-05'), ('mail', 'marketing', 2, timestamp '2026-11-06');
        insert into marts.trust_scorecard
        select 'addresses_disclosed', recipient || ' for ' || purpose, sum(persons) from marts.disclosures group by all;
        """
    )
    months = {(row["recipient"], row["month"]): row for row in held.disclosures(connection, 5)}
    assert (months["post", "2026-11"]["persons"], months["post", "2026-11"]["fewer_than"]) == (None, 5)
    assert (months["post", "2026-10"]["persons"], months["post", "2026-10"]["fewer_than"]) == (40, None)
    assert (months["mail", "2026-11"]["persons"], months["mail", "2026-11"]["files"]) == (5, 2)
    figures = scorecard(connection)
    assert figures["addresses_disclosed", "post for marketing"] == (None, True)
    assert figures["addresses_disclosed", "mail for marketing"] == (5, False)
