"""Receipts of erasure requests that anybody can verify: signed, and completed with a proof when they took effect.

The receipt says when somebody asked and by when it takes effect, signed by the company; not what is to be forgotten:
of that it holds a digest only, salted with an opening that is not on it, so that who finds it cannot guess. It carries
the latest signed head of the evidence ledger, so each customer is a witness of what the ledger held. When the request
takes effect, the ledger gets an entry with a digest of the receipt; completed, the receipt also holds that entry, the
proof that it is in the ledger, and the proof that this ledger is the one whose head the receipt carries.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import segno

from bigtrust import canonical, ledger, promise, register
from bigtrust.errors import ConfigurationError
from bigtrust.files import alone_in, private_folder, write_together
from bigtrust.ledger import Head
from bigtrust.ledger.signing import is_signed, signer
from bigtrust.ledger.tree import is_consistent, is_included
from bigtrust.register import Request
from bigtrust.settings import Settings

VERSION = 1
EFFECTIVE = "request_effective"  # the kind of entry
_SUBJECT = ("customer_id", "purchase_id", "line_number", "category_id")
_FIELDS = {
    *("version", "number", "scope", "requested_at", "channel", "effective_by", "latest_by"),
    *("nonce", "subject", "key", "head"),
}

Receipt = dict[str, Any]  # "receipt", "signature", and "effect" once it is completed


def folder(settings: Settings) -> Path:
    """Where receipts that were given out are kept."""
    return settings.register / "receipts"


class Receipts:
    """The receipts of a warehouse, and the key that signs them.

    Raises ConfigurationError if the key of the ledger cannot be used.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._folder = folder(settings)
        self._ledger = ledger.folder(settings)
        self._signer = signer(settings)

    def issue(self, requests: Sequence[Request]) -> list[Path]:
        """Sign receipts of requests and keep them, as JSON and as QR codes (SVG), named after the requests' numbers.
        Returns the JSON files. Raises OSError if the disk refuses.

        A receipt that is there stays as it is. Nothing is appended to the ledger in between: a request that took effect
        before it had a receipt gets the one that the ledger speaks of.
        """
        days = promise.promised_days(self._settings.project)
        with alone_in(self._ledger):
            held = ledger.read(self._settings)
            known = {entry["commitment"] for entry in held.entries if entry["kind"] == EFFECTIVE}
            paths = [private_folder(self._folder) / f"{request.request_id}.json" for request in requests]
            for path, request in zip(paths, requests, strict=True):
                told = self._told(request, None)
                if _digest(told) not in known:
                    told = self._told(request, promise.deadlines(request.requested_at, days).promised)
                    told["head"] = held.head.content if held.head else None
                if not path.exists():
                    write(path, {"receipt": told, "signature": self._signer.sign("receipt", told)})
        return paths

    def commitment(self, name: str, request: Request) -> str:
        """Return the digest of a request's receipt (SHA-256, hexadecimal), as the ledger holds it."""
        return _digest(self._kept(name, request))

    def complete(self, name: str, request: Request, held: ledger.Ledger) -> Receipt:
        """Return the receipt of a request, with the proof that it took effect if the ledger says so.

        Raises ConfigurationError if the ledger is not the one whose head the receipt carries.
        """
        told = self._kept(name, request)
        seen = Head.read(told["head"]) if told["head"] else None
        if seen and (lost := ledger.against(held, seen)):
            raise ConfigurationError(
                f"Ledger {self._ledger} is not the one whose state this receipt attests: {lost}. Restore it from your "
                "backup."
            )
        receipt = {"receipt": told, "signature": self._signer.sign("receipt", told)}
        digest = _digest(told)
        for entry in reversed(held.entries):
            if entry["kind"] == EFFECTIVE and entry["commitment"] == digest and held.head is not None:
                effect = {
                    "entry": entry,
                    "path": held.tree.path(entry["number"]),
                    "head": held.head.content,
                    "consistency": held.tree.consistency(seen.size) if seen else [],
                }
                return {**receipt, "effect": effect}
        return receipt

    def opening(self, told: Mapping[str, Any]) -> str:
        """Return what opens the digest of what is to be forgotten, hexadecimal: SHA-256 of it and of what was asked."""
        return self._opening(told["nonce"]).hex()

    def _kept(self, name: str, request: Request) -> dict[str, Any]:
        """What the receipt of a request says; of one that came without, what it would say, always the same."""
        path = self._folder / f"{name}.json"
        if path.exists():
            told: dict[str, Any] = _read(path, self._signer.public)["receipt"]
            return told
        return self._told(request, None)

    def _opening(self, nonce: str) -> bytes:
        return self._signer.derive("opening", nonce)[:16]

    def _told(self, request: Request, effective_by: date | None) -> dict[str, Any]:
        moment = datetime.fromisoformat(request.requested_at).astimezone(UTC)
        asked = [getattr(request, field) for field in register.FIELDS if field != "withdrawn_at"]
        nonce = self._signer.derive("nonce", asked)[:16].hex()
        subject = canonical.encode([getattr(request, name) for name in _SUBJECT])
        return {
            "version": VERSION,
            "number": request.request_id,
            "scope": request.scope,
            "requested_at": moment.isoformat(timespec="seconds").replace("+00:00", "Z"),
            "channel": request.channel,
            "effective_by": effective_by.isoformat() if effective_by else None,
            "latest_by": promise.deadlines(request.requested_at, None).latest.isoformat(),
            "nonce": nonce,
            "subject": sha256(self._opening(nonce) + subject).hexdigest(),
            "key": self._signer.public,
            "head": None,
        }


def write_for(settings: Settings, request_id: str, output: Path) -> tuple[Path, bool, str]:
    """Write the receipt of a request for its customer, into the folder `output`; give the file, whether it holds the
    proof that the request took effect, and what opens the digest of what is to be forgotten (`Receipts.opening`).

    Raises ConfigurationError if the register holds no request of this number, or more than one, or `output` cannot be
    written.
    """
    named = {name: it for name, it in register.read(settings.register).items() if it.request_id == request_id}
    if len(named) != 1:
        raise ConfigurationError(
            f"--receipt: the register holds {'no' if not named else 'more than one'} request of this number. "
            "`bigtrust forget --status` lists them."
        )
    ((name, request),) = named.items()
    receipts = Receipts(settings)
    receipt = receipts.complete(name, request, ledger.read(settings))
    settings.require_elsewhere(output.resolve(), "Receipts")
    # the register's own name of a request that landing delivered follows from what it names
    path = output / f"{_digest(receipt['receipt'])[:32] if name.startswith(register.LANDED) else name}.json"
    try:
        private_folder(output)
        write(path, receipt)
    except OSError as error:
        raise ConfigurationError(f"--output {output} cannot be written ({error.strerror}).") from None
    return path, "effect" in receipt, receipts.opening(receipt["receipt"])


def write(path: Path, content: Receipt) -> None:
    """Write a receipt and, beside it, the QR code. The code holds the receipt, or its SHA-256 digest if it is too long.

    Raises OSError if the disk refuses; then neither is written.
    """
    text = canonical.encode(content).decode("utf-8")
    try:
        code = segno.make(text.encode("utf-8"), micro=False, error="l", boost_error=False)
    except segno.DataOverflowError:
        code = segno.make(f"sha256:{sha256(text.encode('utf-8')).hexdigest()}", micro=False)
    image = code.svg_inline(scale=4, border=4)
    write_together({path: text + "\n", path.with_suffix(".svg"): image + "\n"}, mode=0o600)


def problem(content: bytes, key: str) -> str | None:
    """Return what is wrong with a receipt (the bytes of its file), or None. `key` is the company's public key."""
    try:
        receipt = canonical.decode(content.removesuffix(b"\n"))
        told = receipt["receipt"]
        if (
            not content.endswith(b"}\n")
            or set(told) != _FIELDS
            or not set(receipt) <= {"receipt", "signature", "effect"}
        ):
            return "it is no receipt, or it was altered"
        if told["key"] != key:
            return "it is signed with another key"
        if not is_signed(key, "receipt", told, receipt["signature"]):
            return "it was altered: the signature is not that of what it says"
        if told["head"] is not None and not Head.read(told["head"]).is_signed_by(key):
            return "its tree head is not signed with that key"
        if "effect" in receipt:
            return _problem_of_effect(receipt["effect"], told, key)
    except (ValueError, TypeError, KeyError, AttributeError):
        return "it is no receipt, or it was altered"
    return None


def heads(content: Receipt) -> list[Head]:
    """Return the tree heads that a receipt carries."""
    found = [content["receipt"]["head"], content.get("effect", {}).get("head")]
    return [Head.read(head) for head in found if head is not None]


def _digest(told: Mapping[str, Any]) -> str:
    return sha256(canonical.encode(told)).hexdigest()


def _read(path: Path, key: str) -> Receipt:
    content = path.read_bytes()
    if wrong := problem(content, key):
        raise ConfigurationError(f"Receipt {path}: {wrong}. Restore it from the backup of the register.")
    receipt: Receipt = canonical.decode(content.removesuffix(b"\n"))
    return receipt


def _problem_of_effect(effect: Mapping[str, Any], told: Mapping[str, Any], key: str) -> str | None:
    if set(effect) != {"entry", "path", "head", "consistency"}:
        return "it is no receipt, or it was altered"
    entry, head, seen = effect["entry"], Head.read(effect["head"]), told["head"] and Head.read(told["head"])
    if entry["kind"] != EFFECTIVE or entry["commitment"] != _digest(told):
        return "what took effect is another request"
    if not head.is_signed_by(key):
        return "the tree head of its proof is not signed with that key"
    if not is_included(entry, effect["path"], head):
        return "the ledger does not hold what it says: the proof fails"
    if not seen:
        return "it was altered: it proves more than it says" if effect["consistency"] else None
    if not (seen.size < entry["number"] and is_consistent(seen, effect["consistency"], head)):
        return "it took effect in another ledger than the one whose head the receipt carries"
    return None
