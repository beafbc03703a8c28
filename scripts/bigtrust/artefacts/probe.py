"""The proof that the search sees: what it must find, in every form, in memory only."""

import base64
import html
import json
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote_plus

from bigtrust.artefacts.scan import Place, Scan
from bigtrust.artefacts.texts import lowered
from bigtrust.artefacts.values import Value, called


class Probe:
    """Parts that a scan must find: raw values, each written in every form, and the secret with what derives from it.

    `columns` are those of the values; `values` and `secrets` the parts, each with what is in it.
    """

    def __init__(self, scan: Scan, values: Sequence[Value], secrets: Mapping[str, bytes]) -> None:
        self._scan = scan
        self.columns = [value.column for value in values]
        self.values: dict[Place, Value] = {}
        self.secrets: dict[Place, str] = {}
        for value in values:
            for form, content in _value_forms(value):
                place = Place(part=f"{called(value.column)} ({value.form}) {form}")
                self.values[place] = value
                scan.add(place, content, is_database=b"\0" in content)
        for what, secret in secrets.items():
            for form, content in _secret_forms(secret):
                place = Place(part=f"{what} {form}")
                self.secrets[place] = what
                scan.add(place, content)

    def unseen_values(self) -> list[str]:
        """The parts with a raw value that the scan has not found: column and form."""
        return [place.part for place, value in self.values.items() if (place, value) not in self._scan.raw]

    def unseen_secrets(self) -> list[str]:
        """The parts with the secret that the scan has not found: what of it, and the form."""
        return [place.part for place, what in self.secrets.items() if (place, what) not in self._scan.secret]


def _value_forms(value: Value) -> Iterator[tuple[str, bytes]]:
    text = value.text
    yield "as landed", f"({text})".encode()
    yield "in JSON", json.dumps([text]).encode()
    yield "in a web address", f"/?q={quote_plus(text)}".encode()
    yield "in HTML", f"<b>{html.escape(text)}</b>".encode()
    yield "in a database", b"\0\xff" + text.encode() + b"\xff\0"
    if lowered(text.upper()) == lowered(text):
        yield "in capitals", f"({text.upper()})".encode()
    if value.form != "word":
        yield "in lower case", f"({lowered(text)})".encode()


def _secret_forms(secret: bytes) -> Iterator[tuple[str, bytes]]:
    yield "raw", b"\0" + secret + b"\0"
    yield "in hexadecimal", f"KEY={secret.hex()}".encode()
    yield "in hexadecimal capitals", f"KEY={secret.hex().upper()}".encode()
    for before in range(3):
        longer = b"k" * before + secret + b"y" * before
        for name, encode in (("base64", base64.b64encode), ("base64 for addresses", base64.urlsafe_b64encode)):
            yield f"in {name}, place {before}", b"KEY=" + encode(longer)
            yield f"in {name}, place {before}, unpadded", b"KEY=" + encode(longer).rstrip(b"=")
