"""What a person asked for is written down before the receipt is printed, and never skipped."""

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bigtrust import register
from bigtrust.errors import InputError

CANARY = "Quentin Kanari"


def read(folder: Path) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        connection.execute(f"create view requests as {register.view_sql(register.files(folder))}")
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
    str.strip
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
    expected = [(*asdict(request).values(), number, 0) for number, request in enumerate(requests)]
    assert read(folder) == expected


def test_a_withdrawn_request_and_a_line_are_read_back(tmp_path: Path) -> None:
    request = register.new_request(channel="till", purchase="P1", line=3)
    register.add(tmp_path, replace(request, withdrawn_at=request.requested_at))
    ((*fields, _, _),) = read(tmp_path)
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
    register.require_complete(register.files(folder), seen)
    register.remember(register.files(folder), seen)
    register.add(folder, requests[2])
    register.require_complete(register.files(folder), seen)
    paths[0].unlink()
    with pytest.raises(InputError, match="lacks 1 erasure request") as caught:
        register.require_complete(register.files(folder), seen)
    assert requests[0].request_id in str(caught.value)
    assert CANARY not in str(caught.value) + seen.read_text(encoding="utf-8")
    register.add(folder, requests[0])
    register.require_complete(register.files(folder), seen)


def test_the_folder_of_a_new_register_is_its_owners_alone(tmp_path: Path) -> None:
    register.add(tmp_path / "register", register.new_request(channel="till", purchase="P1"))
    assert (tmp_path / "register").stat().st_mode & 0o777 == 0o700
