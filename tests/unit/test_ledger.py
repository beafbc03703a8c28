"""Whatever is changed in a ledger is found and named; what is appended is there whole, or not at all."""

import json
import random
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pymerkle import InmemoryTree, verify_inclusion

from bigtrust import canonical, ledger, register
from bigtrust.errors import BigTrustError, ConfigurationError
from bigtrust.ledger import signing, verify
from bigtrust.ledger.tree import Head, Tree, is_consistent, is_included
from bigtrust.settings import Settings
from bigtrust.signed_receipts import Receipts
from warehouse import Warehouse

CHANGES = 1500


def note(settings: Settings, *kinds: str) -> list[dict[str, Any]]:
    """Append a page with entries of these kinds."""
    return ledger.append(settings, lambda _: [{"kind": kind, "of": "été"} for kind in kinds])


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A ledger of four pages and seven entries, and two receipts."""
    settings = Warehouse(tmp_path).settings
    note(settings, "a")
    note(settings, "b", "c", "d")
    for purchase in ("T1", "T2"):
        request = register.new_request(channel="till", purchase=purchase)
        register.add(settings.register, request)
        Receipts(settings).issue([request])
    note(settings, "e", "f")
    note(settings, "g")
    return settings


def files(settings: Settings) -> list[Path]:
    """Everything that a change must be found in."""
    return sorted([*settings.ledger.iterdir(), *(settings.register / "receipts").glob("*.json")])


def found(settings: Settings) -> str:
    """What is found to speak against the ledger, as text."""
    return "\n".join(sentence for against in verify.verify(settings).against.values() for sentence in against)


def test_a_ledger_as_it_was_written_verifies(settings: Settings) -> None:
    result = verify.verify(settings)
    assert result.holds
    assert (result.entries, result.kept_witnesses) == (7, 2)
    assert [entry["kind"] for entry in ledger.entries(settings)] == list("abcdefg")
    assert [entry["number"] for entry in ledger.entries(settings)] == list(range(1, 8))


def test_each_of_many_changed_bytes_is_found_and_its_file_is_named(settings: Settings) -> None:
    draw = random.Random(6)
    kept = {path: path.read_bytes() for path in files(settings)}
    assert len(kept) == 7
    for number in range(CHANGES):
        path = draw.choice(list(kept))
        content = bytearray(kept[path])
        place = draw.randrange(len(content))
        content[place] ^= draw.randrange(1, 256)
        path.write_bytes(content)
        sentence = found(settings)
        # with another key or none, it is the first page that does not fit
        assert path.name in sentence or (path.name == "public.key" and "00000001.json" in sentence), (number, place)
        path.write_bytes(kept[path])
    assert not found(settings)


def test_each_byte_of_each_file_counts(settings: Settings) -> None:
    for path in files(settings):
        content = path.read_bytes()
        for place in range(0, len(content), 29):
            for changed in (content[:place] + content[place + 1 :], content[:place] + b" " + content[place:]):
                path.write_bytes(changed)
                assert found(settings), (path.name, place)
        path.write_bytes(content)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda folder: (folder / "00000002.json").unlink(), "00000002.json is missing, before 00000005.json"),
        (lambda folder: (folder / "00000001.json").unlink(), "00000001.json is missing"),
        (lambda folder: (folder / "public.key").unlink(), "public.key is missing or damaged"),
        (lambda folder: (folder / "00000008.json").write_bytes(b"{}\n"), "00000008.json is no page"),
        (lambda folder: (folder / "notes.txt").write_text("x"), "notes.txt is no page of a ledger"),
        (
            lambda folder: shutil.copy(folder / "00000007.json", folder / "00000008.json"),
            "00000008.json holds no entry",
        ),
        (lambda folder: swap(folder / "00000001.json", folder / "00000007.json"), "00000001.json holds no entry 1"),
        (lambda folder: (folder / "00000005.json").write_bytes(b""), "00000005.json is no page"),
        (lambda folder: (folder / "00000005.json").write_bytes(b"\xff\xfe"), "00000005.json is no page"),
    ],
)
def test_what_is_removed_reordered_or_put_in_is_found(
    settings: Settings, change: Callable[[Path], Any], named: str
) -> None:
    change(settings.ledger)
    assert named in found(settings)
    with pytest.raises(BigTrustError):
        note(settings, "h")  # nothing is added to what is not whole


def swap(one: Path, other: Path) -> None:
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


def test_entries_cannot_change_places_within_a_page(settings: Settings) -> None:
    path = settings.ledger / "00000002.json"
    page = json.loads(path.read_text(encoding="utf-8"))
    first, second = page["entries"][:2]
    first["kind"], second["kind"] = second["kind"], first["kind"]
    path.write_bytes(canonical.encode(page) + b"\n")
    assert "00000002.json holds other entries than its tree head says" in found(settings)


def test_a_ledger_that_the_company_writes_anew_is_unmasked_by_any_receipt(settings: Settings) -> None:
    receipt = next((settings.register / "receipts").glob("*.json"))
    seen = settings.register.parent / "seen.json"
    seen.write_bytes(receipt.read_bytes())
    shutil.rmtree(settings.ledger)
    shutil.rmtree(settings.register / "receipts")
    for kinds in ("a", "bcx", "ef"):
        note(settings, *kinds)
    assert verify.verify(settings).holds, "with the key, everything can be written anew"
    result = verify.verify(settings, [seen])
    assert not result.holds
    assert "it was written anew" in result.against[verify.ANCHORED][0]


def test_the_end_of_a_ledger_cannot_be_cut_off_under_the_eyes_of_a_witness(settings: Settings) -> None:
    head = settings.register.parent / "head.json"
    last = ledger.head(settings)
    assert last is not None
    head.write_bytes(canonical.encode(last.content) + b"\n")
    assert verify.verify(settings, [head]).holds
    (settings.ledger / "00000007.json").unlink()
    assert "entries were removed" in verify.verify(settings, [head]).against[verify.ANCHORED][0]


def test_a_witness_of_another_ledger_is_none(settings: Settings, tmp_path: Path) -> None:
    other = Warehouse(tmp_path / "other").settings
    note(other, "a")
    head = ledger.head(other)
    assert head is not None
    path = tmp_path / "head.json"
    path.write_bytes(canonical.encode(head.content))
    assert "not signed with this ledger's key" in verify.verify(settings, [path]).against[verify.ANCHORED][0]
    path.write_text("{}")
    with pytest.raises(ConfigurationError, match="holds neither a receipt nor a signed head"):
        verify.verify(settings, [path])


def test_the_tree_is_that_of_rfc_6962() -> None:
    # the test vectors of certificate-transparency (merkletree): seven and eight leaves
    leaves = [bytes.fromhex(leaf) for leaf in VECTORS]
    tree = InmemoryTree("sha256")
    for leaf in leaves:
        tree.append_entry(leaf)
    assert tree.get_root(1).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert tree.get_root(7).hex() == "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"
    assert tree.get_root(8).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


VECTORS = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")


def test_every_entry_is_proven_to_be_in_every_tree_that_holds_it_and_no_other_is() -> None:
    entries = [{"kind": "k", "number": number} for number in range(1, 34)]
    tree, theirs = Tree(entries), InmemoryTree("sha256")
    for entry in entries:
        theirs.append_entry(canonical.encode(entry))
    for size in range(1, len(entries) + 1):
        head = Head("", tree.root(size), size, "")
        for entry in entries[:size]:
            path = tree.path(entry["number"], size)
            assert is_included(entry, path, head)
            proof = theirs.prove_inclusion(entry["number"], size)
            verify_inclusion(theirs.get_leaf(entry["number"]), bytes.fromhex(head.root), proof)
            assert not is_included({**entry, "kind": "other"}, path, head)
            assert not is_included({**entry, "number": size + 1}, path, head)
            assert not is_included(entry, [*path, head.root], head)
            assert not path or not is_included(entry, path[:-1], head)
            assert not path or not is_included(entry, [path[0].upper(), *path[1:]], head) or path[0].isdecimal()


def test_a_signature_is_for_one_purpose_and_has_one_form() -> None:
    signer = signing.Signer(bytes(32))
    value = {"a": 1}
    signature = signer.sign("head", value)
    key = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key()
    key.verify(bytes.fromhex(signature), b'bigtrust head v1\n{"a":1}')
    assert signing.is_signed(signer.public, "head", value, signature)
    assert not signing.is_signed(signer.public, "receipt", value, signature)
    assert not signing.is_signed(signer.public, "head", value, signature.upper())
    assert not signing.is_signed(signing.Signer(b"x" * 32).public, "head", value, signature)
    assert not signing.is_signed("zz", "head", value, signature)


def test_the_key_is_made_once_for_its_owner_alone_and_never_again(settings: Settings) -> None:
    assert settings.ledger_key.stat().st_mode & 0o777 == 0o600
    key = settings.ledger_key.read_text()
    settings.ledger_key.unlink()
    with pytest.raises(ConfigurationError, match="Restore the key from your backup"):
        note(settings, "h")
    settings.ledger_key.write_text("0" * 64 + "\n")
    settings.ledger_key.chmod(0o600)
    with pytest.raises(ConfigurationError, match="is not the one of this ledger"):
        note(settings, "h")
    settings.ledger_key.write_text("short\n")
    with pytest.raises(ConfigurationError, match="does not hold 32 bytes in hexadecimal"):
        note(settings, "h")
    settings.ledger_key.write_text(key)
    settings.ledger_key.chmod(0o644)
    with pytest.raises(ConfigurationError, match="can be read by others"):
        note(settings, "h")
    settings.ledger_key.chmod(0o600)
    note(settings, "h")
    assert not found(settings)


def test_a_key_that_cannot_be_made_is_named_and_not_the_ledger(tmp_path: Path) -> None:
    (tmp_path / "etc").write_text("no folder")
    warehouse = Warehouse(tmp_path, variables={"BIGTRUST_LEDGER_KEY_FILE": str(tmp_path / "etc" / "ledger.key")})
    with pytest.raises(ConfigurationError, match=r"^Ledger key: the file .*/etc/ledger.key cannot be made .*BIGTRUST_"):
        note(warehouse.settings, "a")
    assert not ledger.is_begun(warehouse.settings.ledger)
    result = warehouse.bigtrust("forget", "--purchase", "T-1", "--channel", "till")
    assert result.exit_code == 2
    assert "But no receipt could be signed. Ledger key: the file" in " ".join(result.stderr.split())


def test_the_key_may_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(signing.VARIABLE, "11" * 32)
    settings = Warehouse(tmp_path).settings
    note(settings, "a")
    assert not settings.ledger_key.exists()
    assert ledger.public_key(settings) == signing.Signer(bytes.fromhex("11" * 32)).public


def test_several_who_append_at_once_wait_for_each_other(tmp_path: Path) -> None:
    settings = Warehouse(tmp_path).settings  # the lock is the file's: threads compete for it as processes do
    with ThreadPoolExecutor(3) as pool:
        assert len(list(pool.map(lambda _: note(settings, "x", "y"), range(30)))) == 30
    assert len(ledger.entries(settings)) == 60
    assert not found(settings)


def test_what_a_killed_process_left_is_no_page_and_goes(settings: Settings) -> None:
    leftover = settings.ledger / ".00000008.json.1234abcd"
    leftover.write_text('{"entries":[')
    assert not found(settings)
    note(settings, "h")
    assert not leftover.exists()


def test_a_full_disk_is_one_sentence_and_nothing_is_appended(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ledger, "write_durably", refuse)
    with pytest.raises(ConfigurationError, match=r"cannot be written \(No space left on device\)"):
        note(settings, "h")
    monkeypatch.undo()
    assert len(ledger.entries(settings)) == 7


def test_a_clock_that_was_put_back_keeps_the_order(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    last = ledger.head(settings)
    assert last is not None

    monkeypatch.setattr(ledger, "datetime", SimpleNamespace(now=lambda zone: datetime(2001, 1, 1, tzinfo=zone)))
    (added,) = note(settings, "h")
    assert added["at"] == last.at
    assert not found(settings)


def test_there_is_nothing_to_verify_before_the_first_run(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="There is no ledger"):
        verify.verify(Warehouse(tmp_path).settings)


def test_the_digest_of_an_entry_is_its_leaf(settings: Settings) -> None:
    held = ledger.read(settings)
    leaf = sha256(b"\0" + canonical.encode(dict(held.entries[0]))).hexdigest()
    assert held.tree.root(1) == leaf


def test_each_tree_is_proven_to_be_the_beginning_of_each_later_one_and_of_no_other() -> None:
    key = signing.Signer(bytes(32))
    entries = [{"kind": "a", "number": number} for number in range(1, 41)]
    heads = {size: Tree(entries[:size]).head(key, "2026-01-01T00:00:00.000Z") for size in range(1, 41)}
    other = Tree([{"kind": "b", "number": 1}, *entries[1:]])
    for size, later in heads.items():
        tree = Tree(entries[:size])
        for first in range(1, size + 1):
            path = tree.consistency(first)
            assert is_consistent(heads[first], path, later), (first, size)
            assert not is_consistent(heads[first], other.consistency(first), other.head(key, later.at)), (first, size)
            if first < size:
                assert not is_consistent(heads[first], path[:-1], later), (first, size)
                assert not is_consistent(heads[first], [*path, path[-1]], later), (first, size)
                assert not is_consistent(later, path, heads[first]), (first, size)
