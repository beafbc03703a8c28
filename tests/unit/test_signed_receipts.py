"""A receipt can be verified by whoever has the company's public key, and tells nothing to who finds it."""

import hmac
import json
import random
import shutil
import stat
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

import verify_receipt
from bigtrust import canonical, ledger, register, secret, signed_receipts
from bigtrust.ledger.tree import Tree
from bigtrust.register import Request
from bigtrust.settings import FOLDERS, Settings
from bigtrust.signed_receipts import EFFECTIVE, Receipts
from warehouse import Warehouse

CHANGES = 1000


@pytest.fixture
def shop(tmp_path: Path) -> Warehouse:
    shop = Warehouse(tmp_path)
    secret.load(shop.settings)
    ledger.append(shop.settings, lambda _: [{"kind": "run_started", "run": 1}])
    return shop


def asked(shop: Warehouse, *named: str) -> Request:
    """A request that `bigtrust forget` registers."""
    result = shop.bigtrust("forget", *(named or ("--purchase", "T-Kanari-1")), "--channel", "till")
    assert result.exit_code == 0, result.output
    (request,) = register.read(shop.settings.register).values()
    return request


def takes_effect(settings: Settings, request: Request, run: int = 7) -> None:
    commitment = Receipts(settings).commitment(request.request_id, request)
    facts = [{"kind": EFFECTIVE, "run": run, "commitment": commitment}, {"kind": "run_ended", "run": run}]
    ledger.append(settings, lambda _: facts)


def completed(shop: Warehouse, request: Request, folder: str = "out") -> Path:
    output = shop.root / folder
    result = shop.bigtrust("forget", "--receipt", request.request_id, "--output", str(output))
    assert result.exit_code == 0, result.output
    return output / f"{request.request_id}.json"


def problem(path: Path, settings: Settings) -> str | None:
    return signed_receipts.problem(path.read_bytes(), ledger.public_key(settings))


def third_party(path: Path, key: str, capsys: pytest.CaptureFixture[str]) -> str:
    try:
        verify_receipt.main(str(path), key)
    except SystemExit as refused:
        return str(refused.code)
    return capsys.readouterr().out


def test_a_request_gets_a_receipt_that_its_owner_alone_may_read(shop: Warehouse) -> None:
    request = asked(shop)
    folder = signed_receipts.folder(shop.settings)
    files = {path.name: path for path in folder.iterdir()}
    assert set(files) == {f"{request.request_id}.json", f"{request.request_id}.svg"}
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in files.values())
    content = json.loads(files[f"{request.request_id}.json"].read_text(encoding="utf-8"))
    assert content["receipt"]["number"] == request.request_id
    assert content["receipt"]["head"] == ledger.head(shop.settings).content  # type: ignore[union-attr]
    assert problem(files[f"{request.request_id}.json"], shop.settings) is None


def test_it_does_not_say_what_is_forgotten_but_who_knows_can_show_it(shop: Warehouse) -> None:
    request = asked(shop)
    path = signed_receipts.folder(shop.settings) / f"{request.request_id}.json"
    assert "Kanari" not in path.read_text() + path.with_suffix(".svg").read_text()
    told = json.loads(path.read_text(encoding="utf-8"))["receipt"]
    subject = canonical.encode([None, "T-Kanari-1", None, None])
    opening = Receipts(shop.settings).opening(told)
    assert told["subject"] == sha256(bytes.fromhex(opening) + subject).hexdigest()
    result = shop.bigtrust("forget", "--receipt", request.request_id, "--output", str(shop.root / "out"))
    assert f"Opening: {opening}" in result.output
    assert opening not in "".join(file.read_text(encoding="utf-8") for file in (shop.root / "out").iterdir())


def test_who_finds_it_cannot_guess_what_is_forgotten(shop: Warehouse) -> None:
    """Purchases are numbered: of a digest whose salt is on the receipt, each number could be tried."""
    request = asked(shop, "--purchase", "T417")
    told = json.loads((signed_receipts.folder(shop.settings) / f"{request.request_id}.json").read_text())["receipt"]
    known = [b"", bytes.fromhex(told["nonce"]), told["nonce"].encode(), bytes.fromhex(told["key"]), b"bigtrust"]
    for number in range(1000):
        content = canonical.encode([None, f"T{number}", None, None])
        for salt in known:
            assert sha256(salt + content).hexdigest() != told["subject"]
            assert hmac.digest(salt, content, "sha256").hex() != told["subject"]


def test_the_file_of_a_delivered_request_is_not_named_after_what_it_names(shop: Warehouse) -> None:
    name = f"{register.LANDED}{sha256(b'guessable').hexdigest()[:32]}"
    request = Request("W1", "purchase", "C1", "T1", None, None, "2026-03-01T10:00:00+00:00", "web")
    path = register.add(shop.settings.register, request)
    path.rename(path.with_name(f"{name}.json"))
    result = shop.bigtrust("forget", "--receipt", "W1", "--output", str(shop.root / "out"))
    assert result.exit_code == 0, result.output
    assert name not in " ".join(file.name for file in (shop.root / "out").iterdir())


def test_two_receipts_of_the_same_purchase_have_nothing_in_common(shop: Warehouse) -> None:
    receipts = Receipts(shop.settings)
    told = []
    for _ in range(2):
        request = register.new_request(channel="till", purchase="T1")
        (path,) = receipts.issue([request])
        told.append(json.loads(path.read_text(encoding="utf-8"))["receipt"])
    assert told[0]["nonce"] != told[1]["nonce"]
    assert told[0]["subject"] != told[1]["subject"]


def test_before_it_took_effect_the_receipt_proves_the_request_and_afterwards_the_effect(
    shop: Warehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    request = asked(shop)
    key = ledger.public_key(shop.settings)
    before = completed(shop, request, "before")
    assert problem(before, shop.settings) is None
    assert "its effect is not proven here" in third_party(before, key, capsys)
    takes_effect(shop.settings, request)
    after = completed(shop, request, "after")
    assert problem(after, shop.settings) is None
    assert f"Request {request.request_id} took effect with run 7" in third_party(after, key, capsys)
    ledger.append(shop.settings, lambda _: [{"kind": "run_started", "run": 8}])
    assert problem(after, shop.settings) is None, "a proof holds for good"


def test_each_of_many_changed_bytes_is_found_by_us_and_by_a_third_party(
    shop: Warehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    request = asked(shop)
    takes_effect(shop.settings, request)
    path = completed(shop, request)
    true, draw, key = path.read_bytes(), random.Random(6), ledger.public_key(shop.settings)
    for _ in range(CHANGES):
        content = bytearray(true)
        content[draw.randrange(len(true))] ^= draw.randrange(1, 256)
        assert signed_receipts.problem(bytes(content), key), bytes(content)
        path.write_bytes(content)
        assert third_party(path, key, capsys).startswith("DOES NOT HOLD"), bytes(content)


def test_what_took_effect_in_another_ledger_is_refused(shop: Warehouse, capsys: pytest.CaptureFixture[str]) -> None:
    """The company has the key: it may begin a ledger anew. The receipt carries a head of the one that it was."""
    for run in range(2, 9):
        ledger.append(shop.settings, lambda _, run=run: [{"kind": "run_started", "run": run}])
    request = asked(shop)
    key = ledger.public_key(shop.settings)
    shutil.rmtree(shop.settings.ledger)
    real = Tree.consistency
    for entries in (3, 9, 20):
        ledger.append(shop.settings, lambda _, entries=entries: [{"kind": "other"}] * entries)
        takes_effect(shop.settings, request)
        refused = shop.bigtrust("forget", "--receipt", request.request_id, "--output", str(shop.root / "out"))
        assert refused.exit_code == 2
        assert "is not the one whose state this receipt attests" in " ".join(refused.stderr.split())
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ledger, "against", lambda *_: None)
            patch.setattr(Tree, "consistency", lambda tree, size: real(tree, min(size, tree.size)))
            path = completed(shop, request, f"after {entries}")
        assert problem(path, shop.settings) == (
            "it took effect in another ledger than the one whose head the receipt carries"
        )
        assert third_party(path, key, capsys).startswith("DOES NOT HOLD")


def test_a_request_that_took_effect_before_its_receipt_was_signed_gets_the_one_of_the_ledger(shop: Warehouse) -> None:
    request = register.new_request(channel="till", purchase="T1")
    register.add(shop.settings.register, request)
    takes_effect(shop.settings, request)
    Receipts(shop.settings).issue([request])
    assert "effect" in json.loads(completed(shop, request).read_text(encoding="utf-8"))


def test_a_receipt_that_was_given_out_is_never_written_anew(shop: Warehouse) -> None:
    request = asked(shop)
    path = signed_receipts.folder(shop.settings) / f"{request.request_id}.json"
    given_out = path.read_bytes()
    ledger.append(shop.settings, lambda _: [{"kind": "run_started", "run": 2}])
    Receipts(shop.settings).issue([request])
    assert path.read_bytes() == given_out


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"receipt":' * 20_000, b"null\n", b'{"receipt":null}\n'])
def test_what_is_no_receipt_is_refused_in_a_sentence(
    shop: Warehouse, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    (tmp_path / "r.json").write_bytes(content)
    key = ledger.public_key(shop.settings)
    assert signed_receipts.problem(content, key) == "it is no receipt, or it was altered"
    assert third_party(tmp_path / "r.json", key, capsys).startswith("DOES NOT HOLD")


def test_a_receipt_of_another_company_or_another_request_is_told_apart(shop: Warehouse, tmp_path: Path) -> None:
    other = Warehouse(tmp_path / "other")
    foreign = asked(other)
    path = completed(other, foreign)
    request = asked(shop)
    takes_effect(shop.settings, request)
    assert problem(path, shop.settings) == "it is signed with another key"
    mine = json.loads(completed(shop, request).read_text(encoding="utf-8"))
    second = register.new_request(channel="web", purchase="T2")
    (issued,) = Receipts(shop.settings).issue([second])
    borrowed = json.loads(issued.read_text(encoding="utf-8")) | {"effect": mine["effect"]}
    content = canonical.encode(borrowed) + b"\n"
    found = signed_receipts.problem(content, ledger.public_key(shop.settings))
    assert found == "what took effect is another request"


def test_a_request_that_came_without_a_receipt_gets_the_same_one_at_any_time(shop: Warehouse) -> None:
    request = Request("L1", "purchase", "C1", "T1", None, None, "2026-03-01T10:00:00+00:00", "web")
    register.add(shop.settings.register, request)
    first = Receipts(shop.settings).commitment("L1", request)
    takes_effect(shop.settings, request)
    path = completed(shop, request)
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    assert sha256(canonical.encode(content["receipt"])).hexdigest() == first
    assert content["effect"]["entry"]["commitment"] == first
    assert problem(path, shop.settings) is None
    assert content["receipt"]["effective_by"] is None, "nobody promised a day"


def test_the_qr_code_holds_the_receipt_or_its_digest_if_it_is_too_long(tmp_path: Path, shop: Warehouse) -> None:
    request = asked(shop)
    content = json.loads((signed_receipts.folder(shop.settings) / f"{request.request_id}.json").read_text())
    made: list[Any] = []
    make = signed_receipts.segno.make

    def watched(text: Any, **options: Any) -> Any:
        code = make(text, **options)
        made.append(text)
        return code

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(signed_receipts.segno, "make", watched)
        signed_receipts.write(tmp_path / "a.json", content)
        signed_receipts.write(tmp_path / "b.json", content | {"effect": {"path": ["0" * 64] * 40}})
    assert canonical.decode(made[0]) == content
    text = (tmp_path / "b.json").read_bytes().strip()
    assert made[1] == f"sha256:{sha256(text).hexdigest()}"


def test_without_a_key_the_request_is_registered_and_the_error_says_so(shop: Warehouse) -> None:
    shop.settings.ledger_key.unlink()
    result = shop.bigtrust("forget", "--purchase", "T-Kanari-1", "--channel", "till")
    assert result.exit_code == 2
    assert "Registered: R" in result.stderr
    assert "But no receipt could be signed. Ledger key:" in " ".join(result.stderr.split())
    assert len(register.read(shop.settings.register)) == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--receipt", "R1"], "--receipt and --output go together"),
        (["--output", "x"], "Say one thing"),
        (["--receipt", "R20260101000000-00000000", "--output", "x"], "the register holds no request of this number"),
    ],
)
def test_a_receipt_that_cannot_be_written_is_a_clear_error(
    shop: Warehouse, arguments: list[str], sentence: str
) -> None:
    result = shop.bigtrust("forget", *arguments)
    assert result.exit_code == 2
    assert sentence in " ".join(result.stderr.split())


@pytest.mark.parametrize("name", FOLDERS)
def test_a_receipt_is_not_written_where_others_read_nor_over_the_request(shop: Warehouse, name: str) -> None:
    request = asked(shop)
    before = register.read(shop.settings.register)
    result = shop.bigtrust("forget", "--receipt", request.request_id, "--output", str(shop.root / name))
    assert result.exit_code == 2
    said = " ".join(result.stderr.split())
    assert f"lies in the {name} folder. Receipts are personal data: name a folder of their own." in said
    assert register.read(shop.settings.register) == before
