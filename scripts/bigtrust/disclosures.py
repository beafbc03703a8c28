"""That addresses were given out: one small JSON file per disclosure, kept in the register, never changed.

It says who received them, for what and on which legal basis, how many persons, and until when they may be used; and
nobody's data. `commitment` is the SHA-256 digest of a random nonce followed by the file: whoever has the file and what
lies beside it (the nonce) can show that it is the one; from the commitment alone nobody can guess what is in it.
"""

import json
import secrets
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from bigtrust.errors import ConfigurationError
from bigtrust.files import private_folder, write_durably
from bigtrust.settings import Settings


@dataclass(frozen=True)
class Disclosure:
    """Addresses that were given out. `kind` is offer or recall; `subject` is the category or the product.

    `disclosed_at` is UTC, ISO 8601 without zone; `use_until` is the first day (UTC) on which the recipient may no
    longer use them; `commitment` is hexadecimal.
    """

    disclosed_at: str
    kind: str
    campaign: str
    subject: str
    recipient: str
    purpose: str
    legal_basis: str
    columns: str
    persons: int
    use_until: str
    policy_version: str
    commitment: str


def folder(settings: Settings) -> Path:
    """Where disclosures are kept: like the register, it outlives vault and publications."""
    return settings.register / "disclosures"


def add(settings: Settings, disclosure: Disclosure) -> Path:
    """Write a disclosure, synced to disk before this returns. Returns the file. Raises OSError if it cannot."""
    moment = "".join(part for part in disclosure.disclosed_at if part.isdigit())
    path = private_folder(folder(settings)) / f"{moment}-{secrets.token_hex(4)}.json"
    write_durably(path, json.dumps(asdict(disclosure), ensure_ascii=False, indent=1) + "\n", mode=0o600)
    return path


def read(settings: Settings) -> list[Disclosure]:
    """Return all disclosures in the order of time. Raises ConfigurationError that names a damaged one."""
    return [_read(path) for path in sorted(folder(settings).glob("*.json"))]


def commitment(nonce: bytes, path: Path) -> str:
    """Return the digest of a nonce followed by a file, in hexadecimal."""
    state = sha256(nonce)
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            state.update(block)
    return state.hexdigest()


def _read(path: Path) -> Disclosure:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        found = Disclosure(**content)
        is_whole = isinstance(found.persons, int) and all(
            isinstance(value, str) for name, value in asdict(found).items() if name != "persons"
        )
    except (OSError, ValueError, TypeError):
        is_whole = False
    if not is_whole:
        raise ConfigurationError(
            f"Disclosure {path} is damaged. Restore it from the backup of the register: what was given out is told."
        )
    return found
