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

    def consistency(self, first: int) -> list[str]:
        """Return the proof that the tree of the first `first` entries is the beginning of this one, in hexadecimal.

        RFC 9162, section 2.1.4.1; `pymerkle` has proofs of another form.
        """

        def path(first: int, leaves: Sequence[bytes], *, is_beginning: bool) -> list[bytes]:
            if first == len(leaves):
                return [] if is_beginning else [_root(leaves)]
            left = _left(leaves)
            if first <= left:
                return [*path(first, leaves[:left], is_beginning=is_beginning), _root(leaves[left:])]
            return [*path(first - left, leaves[left:], is_beginning=False), _root(leaves[:left])]

        return [node.hex() for node in path(first, self._leaves(), is_beginning=True)]

    def leaves(self) -> list[str]:
        """Return the hashes of all leaves, in hexadecimal."""
        return [leaf.hex() for leaf in self._leaves()]

    def _leaves(self) -> list[bytes]:
        return [bytes(self._tree.get_leaf(number)) for number in range(1, self.size + 1)]


def is_included(entry: Mapping[str, Any], path: Sequence[str], head: Head) -> bool:
    """Whether an inclusion proof holds (RFC 9162, section 2.1.3.2): the entry is in the tree of that head."""
    index, last = entry["number"] - 1, head.size - 1
    if not 0 <= index <= last:
        return False
    roots = _climbed(index, last, path, sha256(b"\0" + canonical.encode(dict(entry))).hexdigest())
    return roots is not None and roots[1] == head.root


def is_consistent(first: Head, path: Sequence[str], later: Head) -> bool:
    """Whether a consistency proof holds (RFC 9162, section 2.1.4.2): the later tree begins with the first."""
    if first.size == later.size:
        return first.root == later.root and not path
    is_subtree = first.size & (first.size - 1) == 0  # whose root is not said twice
    nodes = [first.root, *path] if is_subtree else path
    if first.size > later.size or not nodes:
        return False
    index, last = first.size - 1, later.size - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    return _climbed(index, last, nodes[1:], nodes[0]) == (first.root, later.root)


def _climbed(index: int, last: int, path: Sequence[str], start: str) -> tuple[str, str] | None:
    """Follow a proof from the node `start` to the roots of a beginning of the tree and of the tree, in hexadecimal.

    Returns None if the path is too short or too long, or not in small digits.
    """
    nodes = [bytes.fromhex(node) for node in (start, *path)]
    if [node.hex() for node in nodes] != [start, *path] or any(len(node) != 32 for node in nodes):
        return None
    before = after = nodes[0]
    for sibling in nodes[1:]:
        if last == 0:
            return None
        if index & 1 or index == last:
            before, after = _node(sibling, before), _node(sibling, after)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            after = _node(after, sibling)
        index, last = index >> 1, last >> 1
    return (before.hex(), after.hex()) if last == 0 else None


def _root(leaves: Sequence[bytes]) -> bytes:
    """The root of the tree of some leaves (RFC 9162, section 2.1.1)."""
    if len(leaves) == 1:
        return leaves[0]
    left = _left(leaves)
    return _node(_root(leaves[:left]), _root(leaves[left:]))


def _left(leaves: Sequence[bytes]) -> int:
    """How many leaves are in the left subtree: the largest power of two that is smaller than their number."""
    return int(1 << ((len(leaves) - 1).bit_length() - 1))


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()
