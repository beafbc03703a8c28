"""A file of requests is taken as a whole or not at all, and says what is wrong without quoting it."""

import csv
import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bigtrust import register, request_file
from bigtrust.errors import InputError
from bigtrust.settings import PROJECT

CANARY = "Quentin Kanari"
NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)
UUID = "6f1c2b1e-3d0a-4c7e-9a52-8d1f0e6b7c34"
EXAMPLE = PROJECT / "docs" / "examples" / "till_request.json"
SCHEMA = json.loads((PROJECT / "docs" / "schemas" / "forget_request.schema.json").read_text(encoding="utf-8"))

PURCHASE = {
    "request_id": UUID,
    "scope": "purchase",
    "purchase_id": "T1",
    "requested_at": "2026-01-31T17:42:08+01:00",
    "channel": "till",
}
LINE = PURCHASE | {"scope": "purchase_line", "line_number": "1"}
CATEGORY = {**PURCHASE, "scope": "category", "purchase_id": None, "customer_id": "C1", "category_id": "washing"}
PERSON = {**PURCHASE, "scope": "person", "purchase_id": None, "customer_id": "C1"}

GOOD: dict[str, dict[str, Any]] = {
    "a purchase": PURCHASE,
    "a purchase with its customer": PURCHASE | {"customer_id": "C1"},
    "a line": LINE,
    "a line whose number is a number": LINE | {"line_number": 1},
    "a line whose number is padded": LINE | {"line_number": "001"},
    "a category": CATEGORY,
    "a person": PERSON,
    "a person whose number is a number": PERSON | {"customer_id": 4711},
    "empty text is nothing": PURCHASE | {"customer_id": " ", "withdrawn_at": ""},
    "a UUID in capitals": PURCHASE | {"request_id": UUID.upper()},
    "a number of ours": PURCHASE | {"request_id": "R20260131164208-0a1b2c3d"},
    "UTC": PURCHASE | {"requested_at": "2026-01-31T16:42:08Z"},
    "without seconds": PURCHASE | {"requested_at": "2026-01-31T16:42Z"},
}
BAD: dict[str, tuple[Any, str]] = {
    "no object": (CANARY, "it is no object"),
    "null": (None, "it is no object"),
    "a list in a list": ([PURCHASE], "it is no object"),
    "an unknown field": (PURCHASE | {CANARY: 1}, "it has an unknown field"),
    "no number": ({k: v for k, v in PURCHASE.items() if k != "request_id"}, "request_id is missing"),
    "a number that tells something": (PURCHASE | {"request_id": CANARY}, "request_id is no UUID"),
    "a number that leads elsewhere": (PURCHASE | {"request_id": "../../R1"}, "request_id is no UUID"),
    "the name of a landing file": (PURCHASE | {"request_id": "L-" + "0" * 32}, "request_id is no UUID"),
    "no scope": (PURCHASE | {"scope": None}, "scope is missing"),
    "an unknown scope": (PURCHASE | {"scope": CANARY}, "scope is unknown"),
    "no purchase": (PURCHASE | {"purchase_id": "\u00a0"}, "purchase_id is missing, without which"),
    "no line": (LINE | {"line_number": None}, "line_number is missing, without which"),
    "no customer": (PERSON | {"customer_id": None}, "customer_id is missing, without which"),
    "no category": (CATEGORY | {"category_id": ""}, "category_id is missing, without which"),
    "a line of a whole purchase": (PURCHASE | {"line_number": 1}, "leave out line_number, or correct the scope"),
    "a purchase of a whole person": (PERSON | {"purchase_id": "T1"}, "leave out purchase_id, or correct the scope"),
    "a category of a whole person": (PERSON | {"category_id": "c"}, "leave out category_id, or correct the scope"),
    "a number with decimals": (PERSON | {"customer_id": 1.5}, "customer_id is no text"),
    "true": (PERSON | {"customer_id": True}, "customer_id is no text"),
    "a list for a customer": (PERSON | {"customer_id": [CANARY]}, "customer_id is no text"),
    "no channel": (PURCHASE | {"channel": ""}, "channel is missing"),
    "an unknown channel": (PURCHASE | {"channel": CANARY}, "channel is unknown"),
    "no time": (PURCHASE | {"requested_at": None}, "requested_at is missing"),
    "a time that is none": (PURCHASE | {"requested_at": CANARY}, "requested_at is no time"),
    "a time without zone": (PURCHASE | {"requested_at": "2026-01-31T17:42:08"}, "requested_at has no time zone"),
    "withdrawn": (PURCHASE | {"withdrawn_at": "2026-01-31T18:00:00Z"}, "it is withdrawn already"),
}
# what no schema can see, or what this one lets pass
ALSO_BAD: dict[str, tuple[Any, str]] = {
    "a time two days ahead": (PURCHASE | {"requested_at": "2026-02-02T13:00:00Z"}, "more than a day ahead"),
    "a time of long ago": (PURCHASE | {"requested_at": "0001-01-01T00:00:00+14:00"}, "before 1900"),
    "a character that cannot be printed": (PERSON | {"customer_id": "C\0"}, "cannot be printed"),
    "half a character": (PERSON | {"customer_id": "C\ud800"}, "cannot be printed"),
}


def write(folder: Path, content: Any, name: str = "requests.json") -> Path:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def load(path: Path) -> list[register.Request]:
    return request_file.load(path, now=NOW)


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        load(path)
    message = str(caught.value)
    assert message.startswith(f"Nothing was registered. Request file {path.name}: ")
    assert CANARY not in message
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return message


@pytest.mark.parametrize("what", GOOD)
def test_a_good_request_is_read_and_keeps_the_schema(tmp_path: Path, what: str) -> None:
    jsonschema.validate(GOOD[what], SCHEMA)
    (request,) = load(write(tmp_path, GOOD[what]))
    assert register.REQUEST_ID.fullmatch(request.request_id)
    assert request.requested_at in ("2026-01-31T16:42:08.000000+00:00", "2026-01-31T16:42:00.000000+00:00")
    assert request.scope == GOOD[what]["scope"]
    assert request.withdrawn_at is None


@pytest.mark.parametrize("what", BAD | ALSO_BAD)
def test_a_bad_request_is_refused_by_its_place_and_field_and_never_quoted(tmp_path: Path, what: str) -> None:
    content, sentence = (BAD | ALSO_BAD)[what]
    message = refusal(write(tmp_path, [PURCHASE, content]))
    assert "request 2: " in message
    assert sentence in message


@pytest.mark.parametrize("what", BAD)
def test_the_schema_refuses_what_the_command_refuses(what: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate([PURCHASE, BAD[what][0]], SCHEMA)


def test_the_schema_is_one_and_the_example_keeps_it(tmp_path: Path) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(json.loads(EXAMPLE.read_text(encoding="utf-8")), SCHEMA)
    (request,) = load(EXAMPLE)
    assert request.scope == "purchase_line"


def test_the_schema_knows_the_fields_of_the_register() -> None:
    assert tuple(SCHEMA["$defs"]["request"]["properties"]) == register.FIELDS


FORMATS = {
    "object.json": json.dumps(PURCHASE, indent=2),
    "list.json": json.dumps([PURCHASE]),
    "lines.jsonl": json.dumps(PURCHASE) + "\n\n",
    "bom.json": "\ufeff" + json.dumps(PURCHASE),
    "commas.csv": "request_id,scope,purchase_id,requested_at,channel\n"
    f"{UUID},purchase,T1,2026-01-31T17:42:08+01:00,till\n",
    "semicolons.csv": "Request_ID;scope;purchase_id;line_number;requested_at;channel;withdrawn_at\r\n"
    f"{UUID};purchase; T1 ;"
    ';"2026-01-31T17:42:08+01:00";till;\r\n',
    "CAPITALS.JSON": json.dumps(PURCHASE),
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_says_the_same(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(FORMATS[name].encode())
    assert load(path) == load(write(tmp_path, PURCHASE))


def test_many_requests_are_read_in_their_order(tmp_path: Path) -> None:
    many = [PURCHASE | {"request_id": UUID[:-3] + f"{number:03}", "purchase_id": f"T{number}"} for number in range(500)]
    expected = [f"T{number}" for number in range(500)]
    assert [request.purchase_id for request in load(write(tmp_path, many))] == expected
    lines = "\n".join(json.dumps(one) for one in many)
    assert [request.purchase_id for request in load(write(tmp_path, lines, "many.jsonl"))] == expected


def test_a_csv_file_with_all_columns_of_the_landing_table_is_read(tmp_path: Path) -> None:
    (request,) = load(write(tmp_path, LINE))
    path = tmp_path / "all.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, register.FIELDS)
        writer.writeheader()
        writer.writerow(asdict(request))
    assert load(path) == [request]


DAMAGED = {
    "cut.json": (json.dumps([PURCHASE])[:-9], "it is no well-formed JSON"),
    "empty.json": ("", "it is no well-formed JSON"),
    "none.json": ("[]", "it holds no request"),
    "twice.json": ('{"scope": "purchase", "scope": "person"}', "an object has a field twice"),
    "deep.json": ("[" * 100_000, "it is no well-formed JSON"),
    "cut.jsonl": (json.dumps(PURCHASE) + '\n{"scope"', "line 2 is no well-formed JSON"),
    "none.jsonl": ("\n", "it holds no request"),
    "empty.csv": ("", "it is no well-formed CSV"),
    "quotes.csv": (f'request_id,scope,requested_at,channel\n"{CANARY}"x,1,2,3\n', "it is no well-formed CSV"),
    "no_header.csv": (f"{CANARY},purchase,T1,till\n", "its header lacks the column request_id"),
    "unknown.csv": (f"request_id,scope,requested_at,channel,{CANARY}\n", "its header has an unknown column"),
    "header.csv": ("request_id,scope,requested_at,channel\n", "it holds no request"),
    "short.csv": (
        f"request_id,scope,requested_at,channel\n{UUID},purchase\n",
        "request 1 has another number of columns",
    ),
    "requests.txt": (json.dumps(PURCHASE), "its name tells no format"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_is_refused_with_what_is_wrong(tmp_path: Path, name: str) -> None:
    content, sentence = DAMAGED[name]
    assert sentence in refusal(write(tmp_path, content, name))


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "latin.json"
    path.write_bytes('{"customer_id": "é"}'.encode("latin-1"))
    assert "it is not UTF-8 text" in refusal(path)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.json").mkdir()
    assert "it cannot be read" in refusal(tmp_path / "folder.json")
