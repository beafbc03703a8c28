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
        self._leaves: list[bytes] = []
        self.add(entries)

    def add(self, entries: Iterable[dict[str, Any]]) -> None:
        """Append entries."""
        for entry in entries:
            content = canonical.encode(entry)
            self._tree.append_entry(content)
            self._leaves.append(sha256(b"\0" + content).digest())

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

        return [node.hex() for node in path(first, self._leaves, is_beginning=True)]

    def leaves(self) -> list[str]:
        """Return the hashes of all leaves, in hexadecimal."""
        return [leaf.hex() for leaf in self._leaves]


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
            node = _node(sibling, node)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            node = _node(node, sibling)
        index, last = index >> 1, last >> 1
    return last == 0 and node.hex() == head.root and [bytes.fromhex(step).hex() for step in path] == list(path)


def is_consistent(first: Head, path: Sequence[str], later: Head) -> bool:
    """Whether a consistency proof holds (RFC 9162, section 2.1.4.2): the later tree begins with the first."""
    if first.size == later.size:
        return first.root == later.root and not path
    nodes = [bytes.fromhex(node) for node in path]
    if first.size > later.size or any(len(node) != 32 for node in nodes) or [node.hex() for node in nodes] != path:
        return False
    if first.size & (first.size - 1) == 0:  # a whole subtree, which is not said twice
        nodes.insert(0, bytes.fromhex(first.root))
    index, last = first.size - 1, later.size - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    if not nodes:
        return False
    before = after = nodes[0]
    for node in nodes[1:]:
        if last == 0:
            return False
        if index & 1 or index == last:
            before, after = _node(node, before), _node(node, after)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            after = _node(after, node)
        index, last = index >> 1, last >> 1
    return last == 0 and before.hex() == first.root and after.hex() == later.root


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
