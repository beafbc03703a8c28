"""Verify a receipt without anything of Big Trust but this file: Python and `cryptography` suffice.

    python verify_receipt.py FILE --key KEY

KEY is the company's public key (64 hexadecimal digits), as its website or another receipt says it. Exit code 0 if
everything holds, else 1. The format (docs/accountability.md): canonical JSON (RFC 8785), a Merkle tree (RFC 9162),
Ed25519 signatures (RFC 8032).
"""

import argparse
import json
import sys
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Wrong(Exception):
    """Something does not hold."""


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def require(holds, sentence):
    if not holds:
        raise Wrong(sentence)


def signed(key, purpose, value, signature):
    require(signature == signature.lower(), f"the {purpose} is not signed as ours are")
    try:
        message = f"bigtrust {purpose} v1\n".encode() + canonical(value)
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(signature), message)
    except InvalidSignature:
        raise Wrong(f"the {purpose} is not signed with this key, or was altered") from None


def signed_head(key, head):
    signed(key, "head", {name: head[name] for name in ("at", "root", "size")}, head["signature"])
    return head


def leaf(entry):
    return sha256(b"\0" + canonical(entry)).digest()


def node(left, right):
    return sha256(b"\1" + left + right).digest()


def climbed(index, last, path, start):
    """Follow a proof to the roots of a beginning of the tree and of the tree: sections 2.1.3.2 and 2.1.4.2."""
    before = after = start
    require(all(sibling == sibling.lower() for sibling in path), "a proof is not written as ours are")
    for sibling in map(bytes.fromhex, path):
        require(last > 0, "a proof is too long")
        if index % 2 or index == last:
            before, after = node(sibling, before), node(sibling, after)
            while index % 2 == 0 and index:
                index, last = index // 2, last // 2
        else:
            after = node(after, sibling)
        index, last = index // 2, last // 2
    require(last == 0, "a proof is too short")
    return before.hex(), after.hex()


def verify(content, key):
    told, effect = content["receipt"], content.get("effect")
    require(set(content) <= {"receipt", "signature", "effect"}, "it holds what no receipt holds")
    require(told["key"] == key, "the receipt is signed with another key")
    signed(key, "receipt", told, content["signature"])
    seen = told["head"] and signed_head(key, told["head"])
    if not effect:
        return f"Request {told['number']} is registered since {told['requested_at']}; its effect is not proven here."
    entry, head, ours = effect["entry"], signed_head(key, effect["head"]), sha256(canonical(told)).hexdigest()
    require(entry["kind"] == "request_effective" and entry["commitment"] == ours, "it proves another request")
    require(0 < entry["number"] <= head["size"], "its entry is outside of the ledger")
    found = climbed(entry["number"] - 1, head["size"] - 1, effect["path"], leaf(entry))
    require(found[1] == head["root"], "its entry is not in the ledger: altered or foreign")
    require(seen or not effect["consistency"], "it proves more than it says")
    if seen:
        nodes = effect["consistency"] if seen["size"] & (seen["size"] - 1) else [seen["root"], *effect["consistency"]]
        index, last = seen["size"] - 1, head["size"] - 1
        while index % 2:
            index, last = index // 2, last // 2
        found = climbed(index, last, nodes[1:], bytes.fromhex(nodes[0]))
        is_same = seen["size"] < entry["number"] and found == (seen["root"], head["root"])
        require(is_same, "it took effect in another ledger than the one whose head the receipt carries")
    return f"Request {told['number']} took effect with run {entry['run']}, {entry['at']}."


def main(file, key):
    try:
        require(len(key) == 64 and set(key) <= set("0123456789abcdef"), "KEY must be 64 hexadecimal digits, not a file")
        text = Path(file).read_bytes()
        content = json.loads(text.decode("utf-8"))
        require(canonical(content) + b"\n" == text, "it is not written as our receipts are")
        print(f"Holds. {verify(content, key)}")
    except Wrong as wrong:
        sys.exit(f"DOES NOT HOLD: {wrong}.")
    except OSError as error:
        sys.exit(f"DOES NOT HOLD: {error.filename} cannot be read.")
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        sys.exit(f"DOES NOT HOLD: the file is no receipt of ours, or damaged ({type(error).__name__}).")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--key", required=True)
    arguments = parser.parse_args()
    main(arguments.file, arguments.key)
