"""The ledger's pages: what was appended at once, and the signed head of the tree that it made. One file each.

A page takes its name when it is whole and synced, so whoever is killed leaves a page or none. Its bytes are the
canonical ones of its content: of two files that say the same, one is wrong.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bigtrust import canonical
from bigtrust.errors import ConfigurationError
from bigtrust.ledger.signing import PUBLIC, is_signed
from bigtrust.ledger.tree import Head, Tree

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_NAME = re.compile(r"\d{8}\.json")


class Damaged(ConfigurationError):
    """A page is not as it was written, or is missing."""

    def __init__(self, folder: Path, name: str, why: str) -> None:
        super().__init__(
            f"Ledger {folder}: {name} {why}. Nothing is added to a ledger that is not whole: restore it from your "
            "backup, and keep the damaged one; somebody may have to explain it."
        )
        self.finding = f"{name} {why}"


@dataclass(frozen=True)
class Ledger:
    """What a ledger holds: entries in their order, numbered from 1, their tree, and the heads of all pages."""

    entries: Sequence[dict[str, Any]]
    tree: Tree
    heads: Sequence[Head]

    @property
    def head(self) -> Head | None:
        """The last signed head; None before the first entry."""
        return self.heads[-1] if self.heads else None


def read(folder: Path, public: str) -> Ledger:
    """Return a ledger after checking each of its bytes: pages, order, roots and signatures by the key `public`.

    Raises Damaged, which names the first page that is not as it was written.
    """
    entries: list[dict[str, Any]] = []
    heads: list[Head] = []
    tree = Tree()
    for path in _files(folder):
        if path.name != name_of(len(entries) + 1):
            raise Damaged(folder, name_of(len(entries) + 1), f"is missing, before {path.name}")
        try:
            page = canonical.decode(path.read_bytes().removesuffix(b"\n"))
            added, head = page["entries"], Head.read(page["head"])
            is_page = set(page) == {"entries", "head"} and isinstance(added, list) and bool(added)
            is_page = is_page and path.read_bytes().endswith(b"}\n")
        except (OSError, ValueError, TypeError, KeyError):
            is_page = False
        if not is_page:
            raise Damaged(folder, path.name, "is no page of a ledger: it was altered, or cut off")
        last = heads[-1].at if heads else ""
        for number, entry in enumerate(added, start=len(entries) + 1):
            if not _follows(entry, number, last):
                raise Damaged(folder, path.name, f"holds no entry {number} that could follow the one before")
            last = entry["at"]
        tree.add(added)
        entries += added
        if head.size != len(entries) or head.root != tree.root() or not last <= head.at:
            raise Damaged(folder, path.name, "holds other entries than its tree head says: an entry was altered")
        if not is_signed(public, "head", head.told, head.signature):
            raise Damaged(folder, path.name, f"is not signed with the key of this ledger ({PUBLIC})")
        heads.append(head)
    return Ledger(entries, tree, heads)


def content(entries: Sequence[dict[str, Any]], head: Head) -> str:
    """Return the text of a page."""
    return canonical.encode({"entries": list(entries), "head": head.content}).decode("utf-8") + "\n"


def name_of(number: int) -> str:
    """Return the name of the page that begins with the entry `number`."""
    return f"{number:08d}.json"


def _files(folder: Path) -> list[Path]:
    """The pages in name order. Raises Damaged if something else is there: who put it there could mean it to be read."""
    if not folder.exists():
        return []
    found = sorted(path for path in folder.iterdir() if not path.name.startswith(".") and path.name != PUBLIC)
    for path in found:
        if not _NAME.fullmatch(path.name):
            raise Damaged(folder, path.name, "is no page of a ledger, and nothing else belongs there")
    return found


def _follows(entry: Any, number: int, last: str) -> bool:
    """Whether an entry can be the one of this number, not written before the moment `last`."""
    return (
        isinstance(entry, dict)
        and entry.get("number") == number
        and type(entry["number"]) is int
        and isinstance(entry.get("kind"), str)
        and isinstance(entry.get("at"), str)
        and bool(MOMENT.fullmatch(entry["at"]))
        and last <= entry["at"]
    )
