"""The pseudonymisation secret: where it comes from, what is derived from it, and the guard against a changed one.

The secret never enters SQL text, dbt's context, a log or a database. Each pseudonymisation domain has its own key,
derived with HKDF-SHA256 (RFC 5869), so that pseudonyms of two domains share nothing.
"""

import base64
import hmac
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bigtrust.errors import ConfigurationError
from bigtrust.files import private_folder, write_durably
from bigtrust.settings import Settings

VARIABLE = "DBT_ENV_SECRET_BIGTRUST"
MINIMUM_BYTES = 32
DOMAINS = ("analytics", "marketing", "service")  # named like the publications that have pseudonyms
FIRST_VERSION = 1
FINGERPRINT = "secret.fingerprint"
_BLOCK = 64  # bytes: the block size of SHA-256 (RFC 2104)


def load(settings: Settings, environment: Mapping[str, str] | None = None) -> bytes:
    """Return the secret (at least 32 bytes), from the environment, else from the secret file.

    A new secret file is made only while neither vault nor register exists: later, a new secret would orphan
    every pseudonym that was ever issued. Raises ConfigurationError if the secret is missing, short, unreadable,
    open to others, or not the one that made the pseudonyms of this warehouse.
    """
    environment = os.environ if environment is None else environment
    text = environment.get(VARIABLE, "").strip()
    if text:
        secret = _decode(text, f"the environment variable {VARIABLE}")
    else:
        if not settings.secret_file.exists():
            _create(settings)
        text = read_private(settings.secret_file, "Pseudonymisation secret")
        secret = _decode(text, f"the file {settings.secret_file}")
    _require_same(secret, settings)
    return secret


def domain_key(secret: bytes, domain: str, version: int = FIRST_VERSION) -> bytes:
    """Return the key of one version of a pseudonymisation domain (32 bytes; HKDF-SHA256, RFC 5869)."""
    info = f"bigtrust/pseudonymisation/{domain}/v{version}".encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(secret)


def pads(key: bytes) -> tuple[bytes, bytes]:
    """Return the inner and the outer pad of HMAC-SHA256 for a key of at most 64 bytes (RFC 2104, section 2)."""
    block = key.ljust(_BLOCK, b"\0")
    return bytes(byte ^ 0x36 for byte in block), bytes(byte ^ 0x5C for byte in block)


def _decode(text: str, origin: str) -> bytes:
    if re.fullmatch(r"(?:[0-9a-fA-F]{2})+", text):
        secret = bytes.fromhex(text)
    else:
        try:
            secret = base64.b64decode(text, validate=True)
        except ValueError:
            raise ConfigurationError(
                f"Pseudonymisation secret: {origin} holds neither hexadecimal nor base64 text. "
                "Set it to at least 32 random bytes, for example from `openssl rand -hex 32`."
            ) from None
    if len(secret) < MINIMUM_BYTES:
        raise ConfigurationError(
            f"Pseudonymisation secret: {origin} holds fewer than {MINIMUM_BYTES} bytes. "
            "Set it to at least 32 random bytes, for example from `openssl rand -hex 32`."
        )
    return secret


def read_private(path: Path, what: str) -> str:
    """Return the text of a file that its owner alone may read; `what` it is begins the sentence if it cannot be used.

    Raises ConfigurationError.
    """
    try:
        mode = path.stat().st_mode & 0o777
        text = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(f"{what}: the file {path} cannot be read. Restore it from your backup.") from None
    if mode & 0o077:
        raise ConfigurationError(
            f"{what}: the file {path} can be read by others (mode {mode:o}). Run `chmod 600` on it."
        )
    return text


def _create(settings: Settings) -> None:
    in_use = settings.vault.exists() or any(settings.register.glob("*"))
    if in_use:
        raise ConfigurationError(
            f"Pseudonymisation secret: {VARIABLE} is not set and the file {settings.secret_file} is missing, but a "
            "vault or a register exists already. Restore the secret from your backup: a new one would change every "
            "pseudonym."
        )
    try:
        write_durably(settings.secret_file, secrets.token_hex(MINIMUM_BYTES) + "\n", mode=0o600)
    except OSError as error:
        raise ConfigurationError(
            f"Pseudonymisation secret: the file {settings.secret_file} cannot be made "
            f"({error.strerror or type(error).__name__}). Make it yourself (`openssl rand -hex 32`, mode 0600, for the "
            "user who runs this), or name another one in BIGTRUST_SECRET_FILE."
        ) from None


def _require_same(secret: bytes, settings: Settings) -> None:
    fingerprint = hmac.digest(domain_key(secret, "fingerprint"), b"fingerprint", "sha256").hex()
    file = settings.register / FINGERPRINT
    if file.exists():
        if not hmac.compare_digest(fingerprint.encode(), file.read_bytes().strip()):
            raise ConfigurationError(
                "Pseudonymisation secret: it is not the one that made the pseudonyms of this warehouse "
                f"({file} differs). Restore the secret from your backup."
            )
    elif settings.vault.exists() or (settings.published / "analytics.duckdb").exists():
        raise ConfigurationError(
            f"The register {settings.register} is lost: it holds no secret.fingerprint, although this warehouse has "
            "published before. Restore the register from your backup: without it, what was forgotten would come back."
        )
    else:
        private_folder(settings.register)
        write_durably(file, fingerprint + "\n", mode=0o600)
