"""`bigtrust forget` says one thing at a time, and what will happen by when."""

import json
import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result

from bigtrust import register
from bigtrust.settings import PROJECT
from warehouse import Warehouse

EXAMPLE = str(PROJECT / "docs" / "examples" / "till_request.json")
CANARY = "Quentin-Kanari"


@pytest.fixture
def shop(tmp_path: Path) -> Warehouse:
    """A shop without a warehouse yet."""
    return Warehouse(tmp_path)


def requests(shop: Warehouse) -> dict[str, register.Request]:
    return register.read(shop.settings.register)


def refused(result: Result) -> str:
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    return " ".join(result.stderr.split())


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--status", "--channel", "till"],
        ["--status", "--withdraw", "R1"],
        ["--from", EXAMPLE, "--purchase", "T1", "--channel", "till"],
        ["--from", EXAMPLE, "--channel", "till"],
        ["--withdraw", "R1", "--from", EXAMPLE],
        ["--withdraw", "R1", "--line", "1"],
    ],
    ids=" ".join,
)
def test_two_things_at_a_time_or_none_are_wrong_usage(shop: Warehouse, arguments: list[str]) -> None:
    message = refused(shop.bigtrust("forget", *arguments))
    assert "Say one thing: a request (with --channel), --from, --withdraw, --status or --receipt." in message
    assert not shop.settings.register.exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--purchase", CANARY], "Missing option '--channel'"),
        (["--purchase", CANARY, "--channel", "letter"], "'letter' is not one of 'till', 'web', 'support'"),
        (["--channel", "till"], "Name a purchase (and a line of it), or a customer (and a category), not both."),
        (["--purchase", CANARY, "--category", CANARY, "--channel", "till"], "Name a purchase"),
        (["--purchase", " ", "--channel", "till"], "An identifier is blank"),
        (["--from", "/nowhere.json"], "'/nowhere.json' does not exist"),
        (["--withdraw", CANARY], "The register holds no request of this number"),
    ],
)
def test_wrong_usage_registers_nothing_and_quotes_nobody(shop: Warehouse, arguments: list[str], sentence: str) -> None:
    message = refused(shop.bigtrust("forget", *arguments))
    assert sentence in message
    assert CANARY not in message
    assert requests(shop) == {}


@pytest.mark.parametrize(
    ("named", "happens"),
    [
        (["--purchase", CANARY, "--line", "2"], "this line of the purchase disappears"),
        (["--purchase", CANARY], "this purchase disappears"),
        (["--customer", CANARY, "--category", CANARY], "past and future ones"),
        (["--customer", CANARY], "whoever comes back starts anew"),
    ],
)
def test_a_receipt_says_what_happens_by_when_what_stays_and_how_to_look(
    shop: Warehouse, named: list[str], happens: str
) -> None:
    result = shop.bigtrust("forget", *named, "--channel", "web")
    assert result.exit_code == 0, result.output
    (request,) = requests(shop).values()
    text = " ".join(result.output.split())
    assert text.startswith(f"Receipt {request.request_id} ")
    assert happens in text
    promised = datetime.now(UTC).date() + timedelta(days=3)
    assert f"by {promised} as promised; " in text
    assert "at the latest by law: one month (GDPR art. 12(3))" in text
    assert "accounting records for ten years" in text
    assert "bigtrust forget --status" in text
    assert f"bigtrust forget --withdraw {request.request_id}" in text
    assert CANARY not in text
    assert max(map(len, result.output.splitlines())) < 120


def test_a_policy_that_cannot_be_read_stops_nobody_from_asking(shop: Warehouse) -> None:
    (shop.own_project() / "seeds" / "policy" / "settings.csv").unlink()
    result = shop.bigtrust("forget", "--purchase", "T1", "--channel", "till")
    assert result.exit_code == 0, result.output
    assert "promised" not in result.output
    assert "at the latest by law" in result.output


def test_the_example_of_a_till_is_registered_once(shop: Warehouse) -> None:
    first = shop.bigtrust("forget", "--from", EXAMPLE)
    assert first.exit_code == 0, first.output
    assert first.output.startswith("Receipt 6f1c2b1e-3d0a-4c7e-9a52-8d1f0e6b7c34")
    again = shop.bigtrust("forget", "--from", EXAMPLE)
    assert again.exit_code == 0
    assert "Registered 0 requests; 1 had been registered before." in again.output
    assert len(requests(shop)) == 1


def test_many_requests_are_registered_together_or_not_at_all(shop: Warehouse, tmp_path: Path) -> None:
    example = json.loads(Path(EXAMPLE).read_text(encoding="utf-8"))
    many = [example | {"request_id": example["request_id"][:-4] + f"{number:04}"} for number in range(200)]
    path = tmp_path / "many.json"
    path.write_text(json.dumps([*many, example | {"purchase_id": None}]), encoding="utf-8")
    broken = shop.bigtrust("forget", "--from", str(path))
    assert broken.exit_code == 3
    assert "Nothing was registered. Request file many.json: request 201: purchase_id is missing" in broken.stderr
    assert len(broken.stderr.splitlines()) == 1
    assert requests(shop) == {}
    path.write_text(json.dumps(many), encoding="utf-8")
    result = shop.bigtrust("forget", "--from", str(path))
    assert result.exit_code == 0, result.output
    assert "Registered 200 requests; 0 had been registered before." in result.output
    assert len(requests(shop)) == 200


def test_a_number_with_another_content_is_unusable_input(shop: Warehouse, tmp_path: Path) -> None:
    shop.bigtrust("forget", "--from", EXAMPLE)
    path = tmp_path / "changed.json"
    example = json.loads(Path(EXAMPLE).read_text(encoding="utf-8"))
    path.write_text(json.dumps(example | {"purchase_id": CANARY}), encoding="utf-8")
    result = shop.bigtrust("forget", "--from", str(path))
    assert result.exit_code == 3
    assert "already stands for another request" in result.stderr
    assert CANARY not in result.output


def test_a_withdrawal_is_confirmed_and_shown(shop: Warehouse) -> None:
    shop.bigtrust("forget", "--from", EXAMPLE)
    (request,) = requests(shop)
    result = shop.bigtrust("forget", "--withdraw", request)
    assert result.exit_code == 0, result.output
    assert f"Request {request} is withdrawn since 20" in result.output
    assert shop.bigtrust("forget", "--withdraw", request).output == result.output
    assert re.search(rf"{request} .* withdrawn on 20", shop.bigtrust("forget", "--status").output)


def test_the_status_shows_every_request_whole_however_long_its_line(shop: Warehouse) -> None:
    assert shop.bigtrust("forget", "--status").output == "Nobody has asked to forget anything.\n"
    long = "T-" + "0123456789" * 20 + "\\[bold]:key:"
    shop.bigtrust("forget", "--purchase", long, "--channel", "till")
    result = shop.bigtrust("forget", "--status")
    assert result.exit_code == 0
    assert f"purchase {long}  waits for the next run, by " in result.output
    assert len(result.output.splitlines()) == 3


@pytest.mark.parametrize("arguments", [["--purchase", "T1", "--channel", "till"], ["--from", EXAMPLE]])
def test_a_register_that_cannot_be_written_registers_nothing_and_says_so(
    shop: Warehouse, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    message = refused(shop.bigtrust("forget", *arguments))
    assert "cannot be written (No space left on device). The request is NOT registered" in message
    assert requests(shop) == {}
