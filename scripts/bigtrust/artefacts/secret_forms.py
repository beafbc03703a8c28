"""The forms in which the pseudonymisation secret, or the ledger's private key, could be written somewhere."""

import base64
import os
from collections.abc import Mapping

from bigtrust import secret
from bigtrust.ledger import signing
from bigtrust.settings import Settings

_SIZE = 32  # bytes of a key; what follows in a pad is the same for every key


def secret_forms(secrets: Mapping[str, bytes]) -> dict[bytes, str]:
    """Bytes to search for, each with what it is, of what must not be written anywhere.

    Each raw, in hexadecimal of both cases, and in both alphabets of base64 (RFC 4648) as it is written at the three
    places within a longer text, without the digits that depend on what stands before or behind.
    """
    found = {}
    for what, content in secrets.items():
        found[content] = what
        found[content.hex().encode()] = found[content.hex().upper().encode()] = what
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            for before in range(3):
                digits = encode(b"\0" * before + content)
                whole = digits[-(-before * 8 // 6) : (before + len(content)) * 8 // 6]
                found[whole] = what
    return found


def ledger_key(settings: Settings) -> dict[str, bytes]:
    """The ledger's private key, raw, if there is one."""
    text = os.environ.get(signing.VARIABLE, "").strip()
    if not text and settings.ledger_key.is_file():
        text = settings.ledger_key.read_text(encoding="ascii").strip()
    return {"the ledger's private key": bytes.fromhex(text)} if text else {}


def derived(value: bytes, versions: Mapping[str, int]) -> dict[str, bytes]:
    """What must not be written anywhere: the secret, and what is derived from it per domain and version, raw."""
    found = {"the secret": value}
    for domain, last in versions.items():
        for version in range(secret.FIRST_VERSION, last + 1):
            key = secret.domain_key(value, domain, version)
            inner, outer = secret.pads(key)
            name = f"{domain}, version {version}"
            found |= {f"the key of {name}": key}
            found |= {f"a pad of {name}, inner": inner[:_SIZE], f"a pad of {name}, outer": outer[:_SIZE]}
    return found
