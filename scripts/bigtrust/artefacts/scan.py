"""The one pass over everything that is searched."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

import ahocorasick_rs
import duckdb

from bigtrust.artefacts import values
from bigtrust.artefacts.files import File, Kind, contents
from bigtrust.artefacts.texts import lowered, texts
from bigtrust.artefacts.values import Text, Value
from bigtrust.gx.raw_values import RawColumn

_TOGETHER = 32_000_000  # characters of text that are searched at once
_THREADS = 2
_DATABASE = b"DUCK"  # bytes 8 to 11 of a DuckDB file


@dataclass(frozen=True)
class Place:
    """Where something is found: in a file, in its name, or (without a file) in a part of the probe."""

    file: File | None = None
    in_name: bool = False
    part: str = ""


class Scan:
    """One pass over contents: the secret is searched for at once, raw values when enough text has come together.

    `raw` and `secret` are what is found: a place, with a raw value or with what of the secret it is. `read_files`
    counts the files that were read, `unreadable` says why others could not be.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, columns: Sequence[RawColumn], forms: Mapping[bytes, str]
    ) -> None:
        self._connection = connection
        self._columns = columns
        self._forms = [*forms.values()]
        self._secrets = ahocorasick_rs.BytesAhoCorasick([*forms])
        self._places: list[Place] = []
        self._texts: list[Text] = []
        self._size = 0
        self._pool = ThreadPoolExecutor(_THREADS)  # what is slow on large files lets other threads run
        self.raw: set[tuple[Place, Value]] = set()
        self.secret: set[tuple[Place, str]] = set()
        self.read_files: Counter[Kind] = Counter()
        self.unreadable: dict[Place, str] = {}

    def read(self, file: File) -> None:
        """Search a file, its name included."""
        name = Place(file, in_name=True)
        self.add(name, file.name.encode("utf-8", "surrogateescape"))
        if file.path.is_dir():
            return
        place, is_database = Place(file), bool(file.kind.publication)
        try:
            parts = contents(file.path)
            while together := list(islice(parts, _THREADS)):
                is_database |= together[0][8:12] == _DATABASE
                for found in self._pool.map(self._searched, together):
                    self._take(place, is_database, *found)
            self.read_files[file.kind] += 1
        except FileNotFoundError:
            return  # it was temporary
        except OSError as error:
            self.unreadable[place] = type(error).__name__

    def add(self, place: Place, content: bytes, *, is_database: bool = False) -> None:
        """Search some bytes."""
        self._take(place, is_database, *self._searched(content))

    def _searched(self, content: bytes) -> tuple[list[str], set[str]]:
        """The texts in some bytes, and what of the secret is in them."""
        found = texts(content)
        written = [content]
        if b"\0" not in content:
            written += [form.encode("utf-8", "replace") for text in found for form in (text, lowered(text))]
        secrets = {self._forms[match[0]] for form in written for match in self._secrets.find_matches_as_indexes(form)}
        return found, secrets

    def _take(self, place: Place, is_database: bool, found: Sequence[str], secrets: Iterable[str]) -> None:
        self.secret.update((place, what) for what in secrets)
        self._places.append(place)
        self._texts += [Text(len(self._places) - 1, text, is_database) for text in found]
        self._size += sum(map(len, found))
        if self._size > _TOGETHER:
            self.search()

    def search(self) -> None:
        """Search the texts that have come together for raw values."""
        found = values.find(self._connection, self._columns, self._texts)
        self.raw.update((self._places[number], value) for number, value in found)
        self._places, self._texts, self._size = [], [], 0
