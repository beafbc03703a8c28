"""The ledger's Merkle tree, as RFC 6962 (and RFC 9162, section 2.1) defines it over SHA-256."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from pymerkle import InmemoryTree

from bigtrust import canonical
from bigtrust.ledger.signing import Signer, is_signed


@dataclass(frozen=True)
class Head:
    """A signed tree head: the root of the tree of the first `size` entries, in hexadecimal, and when it was signed."""

    at: str
    root: str
    size: int
    signature: str

    @property
    def told(self) -> dict[str, Any]:
        """What is signed."""
        return {"at": self.at, "root": self.root, "size": self.size}

    @property
    def content(self) -> dict[str, Any]:
        """What is written down."""
        return {**self.told, "signature": self.signature}

    @classmethod
    def read(cls, content: Any) -> "Head":
        """Return a head as it was written down. Raises ValueError if it is none."""
        is_whole = isinstance(content, dict) and set(content) == {"at", "root", "size", "signature"}
        if not is_whole or not all(isinstance(content[name], str) for name in ("at", "root", "signature")):
            raise ValueError("no tree head")
        if type(content["size"]) is not int or content["size"] < 1:
            raise ValueError("no tree head")
        return cls(**content)

    def is_signed_by(self, public: str) -> bool:
        """Whether it was signed with the private half of this key (64 hexadecimal digits)."""
        return is_signed(public, "head", self.told, self.signature)


class Tree:
    """The tree of some entries."""

    def __init__(self, entries: Iterable[dict[str, Any]] = ()) -> None:
        self._tree = InmemoryTree("sha256")
        self.add(entries)

    def add(self, entries: Iterable[dict[str, Any]]) -> None:
        """Append entries."""
        for entry in entries:
            self._tree.append_entry(canonical.encode(entry))

    @property
    def size(self) -> int:
        """How many entries it has."""
        return int(self._tree.get_size())

    def root(self, size: int | None = None) -> str:
        """Return the root of the tree of the first `size` entries (all), in hexadecimal."""
        return bytes(self._tree.get_root(size)).hex()

    def head(self, signer: Signer, at: str) -> Head:
        """Sign the tree as it is."""
        root, size = self.root(), self.size
        return Head(at, root, size, signer.sign("head", {"at": at, "root": root, "size": size}))

    def path(self, number: int, size: int | None = None) -> list[str]:
        """Return the inclusion proof (RFC 9162, section 2.1.3) of the entry `number`, from 1, in hexadecimal."""
        proof = self._tree.prove_inclusion(number, size)
        return [bytes(node).hex() for node in proof.path[1:]]  # the first is the leaf itself


def is_included(entry: Mapping[str, Any], path: Sequence[str], head: Head) -> bool:
    """Whether an inclusion proof holds (RFC 9162, section 2.1.3.2): the entry is in the tree of that head."""
    index, last = entry["number"] - 1, head.size - 1
    if not 0 <= index <= last:
        return False
    node = sha256(b"\0" + canonical.encode(dict(entry))).digest()
    for sibling in map(bytes.fromhex, path):
        if last == 0 or len(sibling) != 32:
            return False
        if index & 1 or index == last:
            node = sha256(b"\1" + sibling + node).digest()
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            node = sha256(b"\1" + node + sibling).digest()
        index, last = index >> 1, last >> 1
    return last == 0 and node.hex() == head.root and [bytes.fromhex(step).hex() for step in path] == list(path)
