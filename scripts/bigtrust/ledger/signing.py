"""The ledger's key: Ed25519 (RFC 8032). The private half signs; the public half lies in the ledger, for everybody.

It comes from the environment, else from a file beside the pseudonymisation secret, and is a secret of its own: who
checks evidence, or signs it, need not be able to recognise anybody.
"""

import hmac
import os
import re
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from bigtrust import canonical
from bigtrust.errors import ConfigurationError
from bigtrust.files import create_once
from bigtrust.secret import read_private
from bigtrust.settings import Settings

VARIABLE = "DBT_ENV_SECRET_BIGTRUST_LEDGER"
PUBLIC = "public.key"
_HOW = "32 bytes in hexadecimal, for example from `openssl rand -hex 32`"
_HEX = re.compile(r"[0-9a-f]{64}")


class Signer:
    """Signs with the ledger's key. `public` is its public half, 64 hexadecimal digits."""

    def __init__(self, seed: bytes) -> None:
        self._seed, self._key = seed, Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self._key.public_key().public_bytes_raw().hex()

    def derive(self, purpose: str, value: object) -> bytes:
        """Return 32 bytes that follow from a value for a purpose; nobody without the private half can guess them."""
        return hmac.digest(self._seed, _message(purpose, value), "sha256")

    def sign(self, purpose: str, value: object) -> str:
        """Return the signature of a value for a purpose, 128 hexadecimal digits."""
        return self._key.sign(_message(purpose, value)).hex()


def signer(settings: Settings, environment: Mapping[str, str] | None = None) -> Signer:
    """Return who signs this ledger; a new key is made only while there is no ledger.

    Raises ConfigurationError if the key is missing, damaged, open to others, or not the one of this ledger.
    """
    environment = os.environ if environment is None else environment
    text, origin = environment.get(VARIABLE, "").strip(), f"the environment variable {VARIABLE}"
    if not text:
        origin = f"the file {settings.ledger_key}"
        if not settings.ledger_key.exists():
            if is_begun(settings.ledger):
                raise ConfigurationError(
                    f"Ledger key: {VARIABLE} is not set and the file {settings.ledger_key} is missing, but there is a "
                    f"ledger in {settings.ledger}. Restore the key from your backup: nobody could tell from whom a "
                    "ledger with another key comes."
                )
            _make(settings.ledger_key)
        text = read_private(settings.ledger_key, "Ledger key")
    if not re.fullmatch(r"[0-9a-fA-F]{64}", text):
        raise ConfigurationError(f"Ledger key: {origin} does not hold {_HOW}. Restore it from your backup.")
    found = Signer(bytes.fromhex(text))
    path = settings.ledger / PUBLIC
    if not path.exists() and not is_begun(settings.ledger):
        create_once(path, found.public + "\n", mode=0o644)
    if found.public != public_key(settings):
        raise ConfigurationError(
            f"Ledger key: {origin} is not the one of this ledger ({path} differs). Restore it from your backup."
        )
    return found


def _make(path: Path) -> None:
    try:
        create_once(path, os.urandom(32).hex() + "\n", mode=0o600)
    except OSError as error:
        raise ConfigurationError(
            f"Ledger key: the file {path} cannot be made ({error.strerror or type(error).__name__}). Make it yourself "
            "(`openssl rand -hex 32`, mode 0600, for the user who runs this), or name another one in "
            "BIGTRUST_LEDGER_KEY_FILE."
        ) from None


def is_begun(folder: Path) -> bool:
    """Whether there is a ledger in a folder, or what is left of one."""
    return (folder / PUBLIC).exists() or any(folder.glob("[!.]*.json"))


def public_key(settings: Settings) -> str:
    """Return the public key that lies in the ledger, 64 hexadecimal digits.

    Raises ConfigurationError if it is missing or damaged.
    """
    path = settings.ledger / PUBLIC
    try:
        text = path.read_bytes().decode("ascii")
    except (OSError, UnicodeDecodeError):
        text = ""
    if not text.endswith("\n") or not _HEX.fullmatch(text[:-1]):
        raise ConfigurationError(
            f"The ledger's public key {path} is missing or damaged. Restore it from your backup, or from any receipt."
        )
    return text[:-1]


def is_signed(public: str, purpose: str, value: object, signature: str) -> bool:
    """Whether a signature is that of a value for a purpose. Keys and signatures are small hexadecimal digits."""
    try:
        raw = bytes.fromhex(signature)
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(raw, _message(purpose, value))
    except (InvalidSignature, ValueError, TypeError):
        return False
    return raw.hex() == signature


def _message(purpose: str, value: object) -> bytes:
    """What is signed says what it is for, so that no signature can be shown for something else."""
    return f"bigtrust {purpose} v1\n".encode() + canonical.encode(value)
