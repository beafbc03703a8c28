"""What a person asked for is written down before the receipt is printed, and never skipped."""

import json
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bigtrust import register
from bigtrust.errors import ConfigurationError, InputError
from bigtrust.settings import PROJECT

CANARY = "Quentin Kanari"


def read(folder: Path) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        connection.execute(f"create view requests as {register.view_sql(register.files(folder))}")
        read = connection.execute("select * from requests order by all").fetchall()
        for _ in range(2):  # over a view, and over a table
            register.write_table(connection, "main.requests", register.read(folder))
        assert connection.execute("select * from requests order by all").fetchall() == read
        return connection.execute("select * from requests order by file_number").fetchall()


@pytest.mark.parametrize(
    ("named", "scope"),
    [
        ({"purchase": "P1"}, "purchase"),
        ({"purchase": "P1", "line": 2}, "purchase_line"),
        ({"purchase": "P1", "customer": "C1"}, "purchase"),
        ({"customer": "C1", "category": "washing"}, "category"),
        ({"customer": "C1"}, "person"),
    ],
)
def test_the_scope_follows_from_what_is_named(named: dict[str, Any], scope: str) -> None:
    assert register.new_request(channel="till", **named).scope == scope


@pytest.mark.parametrize("blank", ["", " ", "\t", "\u00a0"])
@pytest.mark.parametrize("named", [{}, {"customer": "C1"}, {"purchase": "P1"}])
@pytest.mark.parametrize("option", ["customer", "purchase", "category"])
def test_a_blank_option_is_no_request_and_never_a_wider_one(named: dict[str, Any], option: str, blank: str) -> None:
    with pytest.raises(ValueError, match="is blank"):
        register.new_request(channel="till", **(named | {option: blank}))


@pytest.mark.parametrize(
    "named",
    [
        {},
        {"line": 1},
        {"category": "washing"},
        {"customer": "C1", "line": 1},
        {"purchase": "P1", "category": "washing"},
        {"customer": "C1", "category": "washing", "line": 1},
        {"customer": "C1", "purchase": "P1", "category": "washing"},
    ],
)
def test_what_names_nothing_or_too_much_is_no_request(named: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="Name a purchase"):
        register.new_request(channel="till", **named)


def test_a_request_counts_from_now_in_utc() -> None:
    moment = datetime.fromisoformat(register.new_request(channel="web", customer="C1").requested_at)
    assert moment.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - moment) < timedelta(minutes=1)


def test_a_thousand_requests_have_a_thousand_names() -> None:
    assert len({register.new_request(channel="web", customer="C1").request_id for _ in range(1000)}) == 1000


def test_the_file_name_of_a_request_tells_nothing_of_whom_it_is_about(tmp_path: Path) -> None:
    path = register.add(tmp_path, register.new_request(channel="till", customer="C-4711", category="washing"))
    assert "4711" not in path.name
    assert "washing" not in path.name


def test_a_request_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = register.add(tmp_path / "new" / "register", register.new_request(channel="till", purchase="P1"))
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_register_that_does_not_exist_is_empty(tmp_path: Path) -> None:
    assert register.files(tmp_path / "nowhere") == []
    assert read(tmp_path / "nowhere") == []


text = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12).filter(
    register.cleaned
)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(text, text), min_size=1, max_size=4))
def test_every_request_is_read_back_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, named: list[tuple[str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("register")
    requests = [register.new_request(channel="support", customer=who, category=what) for who, what in named]
    for request in requests:
        register.add(folder, request)
    requests.sort(key=lambda request: request.request_id)
    expected = [(*asdict(request).values(), number, 0, True) for number, request in enumerate(requests)]
    assert read(folder) == expected


def test_a_withdrawn_request_and_a_line_are_read_back(tmp_path: Path) -> None:
    request = register.new_request(channel="till", purchase="P1", line=3)
    register.add(tmp_path, replace(request, withdrawn_at=request.requested_at))
    ((*fields, _, _, _),) = read(tmp_path)
    assert dict(zip(register.FIELDS, fields, strict=True)) == {
        **asdict(request),
        "withdrawn_at": request.requested_at,
        "line_number": "3",
    }


@pytest.mark.parametrize("name", ["it's", "a[1]", "a*", "a?", "a b"])
def test_the_register_may_lie_anywhere(tmp_path: Path, name: str) -> None:
    for folder in (name, "a1", "aa"):
        register.add(tmp_path / folder, register.new_request(channel="till", purchase=folder))
    assert [row[3] for row in read(tmp_path / name)] == [name]


def damaged() -> dict[str, str | bytes]:
    good = asdict(register.new_request(channel="till", customer=CANARY))
    return {
        "cut": json.dumps(good)[:-40],
        "empty": "",
        "no object": json.dumps([CANARY]),
        "a text": json.dumps(CANARY),
        "null": "null",
        "not utf-8": json.dumps(good).encode() + b"\xff",
        "a field is missing": json.dumps({key: value for key, value in good.items() if key != "scope"}),
        "a field too many": json.dumps(good | {"note": CANARY}),
        "no time": json.dumps(good | {"requested_at": None}),
        "a time that is none": json.dumps(good | {"requested_at": CANARY}),
        "a time without zone": json.dumps(good | {"requested_at": "2026-01-01T10:00:00"}),
    }


@pytest.mark.parametrize("what", damaged())
def test_a_damaged_request_is_named_and_never_skipped_or_quoted(tmp_path: Path, what: str) -> None:
    register.add(tmp_path, register.new_request(channel="till", purchase="P1"))
    content = damaged()[what]
    (tmp_path / "R9.json").write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(InputError, match=r"Register file R9\.json is no readable erasure request") as caught:
        register.files(tmp_path)
    assert CANARY not in str(caught.value)
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_what_a_killed_process_left_unfinished_is_no_request(tmp_path: Path) -> None:
    path = register.add(tmp_path, register.new_request(channel="till", purchase="P1"))
    (tmp_path / ".R9.json.0a1b2c3d").write_text("{", encoding="utf-8")
    (tmp_path / "secret.fingerprint").write_text("ab", encoding="utf-8")
    assert register.files(tmp_path) == [path]


def test_a_request_that_a_run_has_seen_is_missed_once_it_is_gone(tmp_path: Path) -> None:
    folder, seen = tmp_path / "register", tmp_path / "warehouse" / "register.seen"
    requests = [register.new_request(channel="till", customer=CANARY) for _ in range(3)]
    paths = [register.add(folder, request) for request in requests[:2]]
    register.require_complete(register.read(folder), seen)
    register.remember(register.read(folder), seen)
    register.add(folder, requests[2])
    register.require_complete(register.read(folder), seen)
    paths[0].unlink()
    with pytest.raises(InputError, match="lacks 1 erasure request") as caught:
        register.require_complete(register.read(folder), seen)
    assert requests[0].request_id in str(caught.value)
    assert CANARY not in str(caught.value) + seen.read_text(encoding="utf-8")
    register.add(folder, requests[0])
    register.require_complete(register.read(folder), seen)


def test_the_folder_of_a_new_register_is_its_owners_alone(tmp_path: Path) -> None:
    register.add(tmp_path / "register", register.new_request(channel="till", purchase="P1"))
    assert (tmp_path / "register").stat().st_mode & 0o777 == 0o700


def test_identifiers_are_read_as_staging_reads_them() -> None:
    """The macro read_text and the register cut off the same spaces."""
    macro = (PROJECT / "macros" / "engine" / "read_text.sql").read_text(encoding="utf-8")
    characters = {" ", *(chr(int(code)) for code in re.findall(r"chr\((\d+)\)", macro))}
    assert len(characters) > 5
    for code in range(0x10000):
        assert (register.cleaned(f"{chr(code)}x") == "x") is (chr(code) in characters), hex(code)
    assert register.cleaned(" \ufeff") is None
    assert register.cleaned(None) is None


def from_a_till(number: int = 0, **changes: Any) -> register.Request:
    request = register.new_request(channel="till", purchase=f"P{number}")
    return replace(request, request_id=f"6f1c2b1e-3d0a-4c7e-9a52-{number:012x}", **changes)


def test_a_request_that_is_sent_twice_is_one_request(tmp_path: Path) -> None:
    request = from_a_till()
    assert register.add_new(tmp_path / "register", [request, request]) == [request]
    assert register.add_new(tmp_path / "register", [request, other := from_a_till(1)]) == [other]
    assert len(register.files(tmp_path / "register")) == 2


@pytest.mark.parametrize("change", [{"purchase_id": CANARY}, {"requested_at": "2026-01-01T00:00:00+00:00"}])
def test_a_number_that_stands_for_another_request_is_refused_and_nothing_is_written(
    tmp_path: Path, change: dict[str, str]
) -> None:
    request = from_a_till()
    register.add_new(tmp_path, [request])
    for requests in ([from_a_till(2), from_a_till(**change)], [from_a_till(3), from_a_till(3, **change)]):
        with pytest.raises(InputError, match=r"Nothing was registered: the number .* another request") as caught:
            register.add_new(tmp_path, requests)
        assert CANARY not in str(caught.value)
    assert register.read(tmp_path) == {request.request_id: request}


def test_a_request_that_was_withdrawn_is_not_brought_back_by_sending_it_again(tmp_path: Path) -> None:
    request = from_a_till()
    register.add_new(tmp_path, [request])
    withdrawn = register.withdraw(tmp_path, request.request_id)
    assert register.add_new(tmp_path, [request]) == []
    assert register.read(tmp_path)[request.request_id] == withdrawn


def test_a_withdrawal_is_written_once_and_keeps_the_rest(tmp_path: Path) -> None:
    request = from_a_till()
    path = register.add(tmp_path, request)
    withdrawn = register.withdraw(tmp_path, request.request_id)
    assert withdrawn == replace(request, withdrawn_at=withdrawn.withdrawn_at)
    moment = datetime.fromisoformat(str(withdrawn.withdrawn_at))
    assert abs(datetime.now(UTC) - moment) < timedelta(minutes=1)
    assert register.withdraw(tmp_path, request.request_id.upper()) == withdrawn
    assert path.stat().st_mode & 0o777 == 0o600
    assert register.read(tmp_path) == {request.request_id: withdrawn}


@pytest.mark.parametrize(
    "request_id", ["R20260101000000-00000000", CANARY, "", "../R20260101000000-00000000", "states", "L-" + "0" * 32]
)
def test_what_the_register_does_not_hold_cannot_be_withdrawn(tmp_path: Path, request_id: str) -> None:
    folder = tmp_path / "register"
    register.add(folder, replace(from_a_till(), request_id="../R20260101000000-00000000"))  # beside the register
    for place in (folder, tmp_path / "nowhere"):
        with pytest.raises(ConfigurationError, match="The register holds no request of this number") as caught:
            register.withdraw(place, request_id)
        assert CANARY not in str(caught.value)


def test_a_request_of_landing_is_withdrawn_where_it_was_made(tmp_path: Path) -> None:
    request = replace(from_a_till(), request_id="OUBLI-1")
    (tmp_path / "L-0.json").write_text(json.dumps(asdict(request)), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"came with the landing table erasure_requests\. Withdraw it there"):
        register.withdraw(tmp_path, "OUBLI-1")


def test_numbers_in_a_request_that_was_written_by_hand_are_text(tmp_path: Path) -> None:
    path = register.add(tmp_path, from_a_till())
    path.write_text(json.dumps(asdict(from_a_till()) | {"line_number": 2, "customer_id": 42}), encoding="utf-8")
    (request,) = register.read(tmp_path).values()
    assert (request.line_number, request.customer_id) == ("2", "42")


WRITER = """
import sys
from dataclasses import replace
from pathlib import Path
from bigtrust import register
for number in range(100_000):
    request = register.new_request(channel="till", purchase=f"P{number}")
    if sys.argv[2] == "one":
        register.add(Path(sys.argv[1]), request)
        print(request.request_id, flush=True)
    else:
        requests = [replace(request, request_id=f"6f1c2b1e-3d0a-4c7e-9a52-{number * 50 + n:012x}") for n in range(50)]
        print(*(new.request_id for new in register.add_new(Path(sys.argv[1]), requests)), flush=True)
"""


@pytest.mark.parametrize("how", ["one", "many"])
def test_a_writer_that_is_killed_loses_no_request_that_it_has_confirmed(tmp_path: Path, how: str) -> None:
    """`kill -9` at any moment: what was printed is there, and what is there is whole."""
    for attempt in range(4):
        folder = tmp_path / f"{how}{attempt}"
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(folder), how],
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": str(PROJECT / "scripts")},
        )
        assert process.stdout
        first = process.stdout.readline()
        time.sleep(0.01 + attempt * 0.03)
        process.kill()
        confirmed = set((first + process.stdout.read().rpartition(b"\n")[0]).decode().split())
        process.wait()
        assert len(confirmed) >= (1 if how == "one" else 50)
        assert confirmed <= set(register.read(folder))


def test_tills_that_write_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    """Four tills send the same requests, and some of their own; a clerk withdraws one."""
    shared = [from_a_till(number) for number in range(20)]
    register.add_new(tmp_path, shared[:1])

    def till(number: int) -> list[register.Request]:
        return register.add_new(tmp_path, [*shared, *(from_a_till(100 * number + n) for n in range(1, 10))])

    with ThreadPoolExecutor(5) as pool:
        tills = [pool.submit(till, number) for number in range(1, 5)]
        withdrawal = pool.submit(register.withdraw, tmp_path, shared[0].request_id)
    assert sum(len(till.result()) for till in tills) == 19 + 4 * 9
    assert withdrawal.result().withdrawn_at
    assert len(register.read(tmp_path)) == 20 + 4 * 9
    assert register.read(tmp_path)[shared[0].request_id].withdrawn_at
