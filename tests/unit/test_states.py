"""What became of a request is known since when, survives the vault, and names nobody but what the request names."""

import json
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from bigtrust import register, states
from bigtrust.errors import InputError
from bigtrust.register import Request
from bigtrust.states import EFFECTIVE, PENDING, REFUSED, WITHDRAWN, State

CANARY = "Quentin Kanari"
ASKED = "2026-01-31T16:42:08.000000+00:00"


def ask(folder: Path, **named: str | int) -> Request:
    request = replace(register.new_request(channel="till", **named), requested_at=ASKED)  # type: ignore[arg-type]
    register.add(folder, request)
    return request


def run(folder: Path, number: int, *found: tuple[Request, str]) -> dict[str, State]:
    """A run that published; returns what the register then says."""
    states.record(
        folder, {request.key: state for request, state in found}, run=number, at=f"2026-02-0{number}T03:00:00"
    )
    return states.load(folder)


def told(folder: Path, request: Request) -> str:
    (line,) = [line for line in states.describe(folder, 3) if line.startswith(request.request_id)]
    return line


def test_before_the_first_run_every_request_waits_and_says_by_when(tmp_path: Path) -> None:
    request = ask(tmp_path, purchase="T1", line=2)
    assert told(tmp_path, request).endswith("till  purchase T1, line 2  waits for the next run, by 2026-02-03")
    assert states.describe(tmp_path, None)[1].endswith("by 2026-02-28")
    assert states.describe(tmp_path, 3)[-1] == "1 request: 1 waiting."
    assert states.waiting(tmp_path) == [request]


def test_without_a_register_nobody_has_asked(tmp_path: Path) -> None:
    assert states.describe(tmp_path / "nowhere", 3) == ["Nobody has asked to forget anything."]
    assert states.waiting(tmp_path / "nowhere") == []


def test_a_state_keeps_the_run_since_which_it_holds(tmp_path: Path) -> None:
    request = ask(tmp_path, purchase="T1")
    first = run(tmp_path, 1, (request, PENDING))
    assert first == run(tmp_path, 2, (request, PENDING))
    assert told(tmp_path, request).endswith("pending since run 1: the purchase has not arrived")
    run(tmp_path, 3, (request, EFFECTIVE))
    run(tmp_path, 4, (request, EFFECTIVE))
    assert told(tmp_path, request).endswith("effective since run 3 (2026-02-03)")


def test_what_the_source_system_has_deleted_too_stays_effective(tmp_path: Path) -> None:
    request = ask(tmp_path, purchase="T1")
    run(tmp_path, 1, (request, EFFECTIVE))
    run(tmp_path, 2, (request, PENDING))
    assert told(tmp_path, request).endswith("effective since run 1 (2026-02-01)")
    run(tmp_path, 3, (request, REFUSED))
    assert told(tmp_path, request).endswith("refused since run 3: the purchase is of another customer")


def test_a_category_that_nobody_knows_any_more_does_not_stay_effective(tmp_path: Path) -> None:
    request = ask(tmp_path, customer="C1", category="washing")
    run(tmp_path, 1, (request, EFFECTIVE))
    run(tmp_path, 2, (request, PENDING))
    assert told(tmp_path, request).endswith("pending since run 2: the customer or the category is not known")


def test_a_request_that_came_during_a_run_waits_for_the_next(tmp_path: Path) -> None:
    early, late = ask(tmp_path, purchase="T1"), ask(tmp_path, purchase="T2")
    run(tmp_path, 1, (early, EFFECTIVE))
    assert "waits for the next run" in told(tmp_path, late)
    assert states.waiting(tmp_path) == [late]


def test_a_withdrawal_counts_at_once_and_says_what_the_next_run_will_change(tmp_path: Path) -> None:
    request, other = ask(tmp_path, purchase="T1"), ask(tmp_path, purchase="T2")
    run(tmp_path, 1, (request, EFFECTIVE))
    day = str(register.withdraw(tmp_path, request.request_id).withdrawn_at)[:10]
    register.withdraw(tmp_path, other.request_id)
    assert told(tmp_path, request).endswith(f"withdrawn on {day}, forgotten until the next run")
    assert told(tmp_path, other).endswith(f"withdrawn on {day}")
    assert states.waiting(tmp_path) == []
    run(tmp_path, 2, (request, WITHDRAWN), (other, WITHDRAWN))
    assert told(tmp_path, request).endswith(f"withdrawn on {day}")


@pytest.mark.parametrize(
    ("named", "reason"),
    [
        ({"purchase": "T1"}, "the purchase has not arrived"),
        ({"purchase": "T1", "line": 1}, "the purchase or its line has not arrived"),
        ({"customer": "C1", "category": "washing"}, "the customer or the category is not known"),
        ({"customer": "C1"}, "the customer is not known"),
    ],
)
def test_a_pending_request_says_what_it_waits_for(tmp_path: Path, named: dict[str, str], reason: str) -> None:
    request = ask(tmp_path, **named)
    run(tmp_path, 1, (request, PENDING))
    assert told(tmp_path, request).endswith(f"pending since run 1: {reason}")


def test_identifiers_with_spaces_around_them_are_those_that_staging_reads(tmp_path: Path) -> None:
    request = ask(tmp_path, purchase="T1")
    register.add(tmp_path, replace(request, purchase_id="\u00a0 T1\t"))
    run(tmp_path, 1, (request, EFFECTIVE))
    assert "effective" in told(tmp_path, request)


def test_the_file_of_states_is_private_and_holds_nothing_of_what_a_request_is_about(tmp_path: Path) -> None:
    request = ask(tmp_path, customer=CANARY, category=CANARY)
    run(tmp_path, 1, (request, EFFECTIVE))
    path = tmp_path / register.STATES
    assert path.stat().st_mode & 0o777 == 0o600
    assert CANARY not in path.read_text(encoding="utf-8")
    assert register.files(tmp_path) == [tmp_path / f"{request.request_id}.json"]


@pytest.mark.parametrize("content", ["", "[1]", '{"R1": 1}', '{"R1": {"state": "effective"}}', "\0"])
def test_damaged_states_are_named_and_the_next_run_writes_them_anew(tmp_path: Path, content: str) -> None:
    request = ask(tmp_path, purchase="T1")
    (tmp_path / register.STATES).write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=r"states\.json is damaged. Run `bigtrust run`"):
        states.describe(tmp_path, 3)
    assert run(tmp_path, 2, (request, EFFECTIVE))[request.request_id].since_run == 2


def test_a_request_of_landing_is_known_by_its_own_number_and_content(tmp_path: Path) -> None:
    """Landing may use a number twice, for two requests; the register keeps each in a file of its own."""
    mine = replace(ask(tmp_path, purchase="T1"), request_id="OUBLI-1")
    other = replace(mine, purchase_id="T2")
    for name, request in {"L-1": mine, "L-2": other}.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(vars(request)), encoding="utf-8")
    found = run(tmp_path, 1, (mine, EFFECTIVE), (other, REFUSED))
    assert {name: state.state for name, state in found.items()} == {"L-1": EFFECTIVE, "L-2": REFUSED}


def test_what_cannot_be_printed_never_reaches_the_terminal(tmp_path: Path) -> None:
    register.add(tmp_path, replace(ask(tmp_path, purchase="T1"), purchase_id="T\x1b[2J\nT"))
    assert all(line.isprintable() for line in states.describe(tmp_path, 3))


def test_the_states_of_the_vault_are_read_by_key(tmp_path: Path) -> None:
    request = ask(tmp_path, purchase="T1")
    with duckdb.connect(str(tmp_path / "vault.duckdb")) as connection:
        columns = ", ".join(f"{name} varchar" for name in (*register.KEY, "state"))
        connection.execute(f"create schema restricted; create table restricted.erasure_requests ({columns})")
        connection.execute(
            "insert into restricted.erasure_requests values (?, ?, ?, ?, ?, ?, ?)", [*request.key, PENDING]
        )
    assert states.find(tmp_path / "vault.duckdb") == {request.key: PENDING}
