"""One way of writing a value down, so that a digest or a signature of it means one thing.

Canonical JSON as RFC 8785 has it, for values without fractions and with ASCII keys: sorted keys, no spaces, UTF-8.
"""

import json
from typing import Any, NoReturn

_LARGEST = 2**53 - 1  # beyond it, a browser does not read the same number (RFC 7493, section 2.2)


def encode(value: Any) -> bytes:
    """Return the canonical bytes of a value of texts, whole numbers, truth values, None, lists and dictionaries.

    Raises ValueError for anything else.
    """
    _require_plain(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def decode(content: bytes) -> Any:
    """Return the value of canonical bytes. Raises ValueError if they are not the canonical ones of their value."""
    try:
        value = json.loads(content.decode("utf-8"), parse_float=_no_fraction, parse_constant=_no_fraction)
        is_canonical = encode(value) == content
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not is_canonical:
        raise ValueError("not canonical")
    return value


def _require_plain(value: Any) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str) or not key.isascii():  # others are sorted in more than one way
                raise ValueError("a key is no ASCII text")
            _require_plain(inner)
    elif isinstance(value, list):
        for inner in value:
            _require_plain(inner)
    elif isinstance(value, int):  # truth values, too
        if abs(value) > _LARGEST:
            raise ValueError("a number is too large")
    elif value is not None and not isinstance(value, str):
        raise ValueError(f"a {type(value).__name__} has no canonical form")


def _no_fraction(_: str) -> NoReturn:
    raise ValueError("a number is no whole number")
