"""Verify a justification without anything of Big Trust but this file: Python and `cryptography` suffice.

    python verify_evidence.py FILE --key KEY [--anchor SEEN]

KEY is the company's public key (64 hexadecimal digits). SEEN is a receipt or a signed head that somebody outside the
company has kept: the ledger must be the one of then. Exit code 0 if everything holds, else 1. The format
(docs/accountability.md): canonical JSON (RFC 8785), a Merkle tree (RFC 9162), Ed25519 signatures (RFC 8032).
"""

import argparse
import json
import sys
from datetime import date, timedelta
from hashlib import sha256
from itertools import pairwise
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


def root(leaves):  # RFC 9162, section 2.1.1
    left = 1 << ((len(leaves) - 1).bit_length() - 1) if len(leaves) > 1 else 0
    return sha256(b"\1" + root(leaves[:left]) + root(leaves[left:])).digest() if left else leaves[0]


def outcome(entry, rules, is_published):
    """How a run bears on a sentence: the same decisions as in bigtrust/justify/judge.py."""
    results = {rule: entry["checks"][rule] for rule in rules if rule in entry["checks"]}
    if any(counts["failed"] for counts in results.values()):
        return "published against it" if is_published else "refused"
    if is_published and any(counts["excepted"] for counts in results.values()):
        return "excepted"
    is_checked = rules and len(results) == len(set(rules)) and all(counts["passed"] for counts in results.values())
    is_ended = entry["verdict"] == "published" and not entry["is_written_later"]
    return "proved" if is_checked and is_ended else "proves nothing"


def verify(content, key, seen):
    evidence, code = content["evidence"], content["claim"]["code"]
    head, entries, leaves = signed_head(key, evidence["head"]), evidence["entries"], evidence["leaves"]
    leaves = [bytes.fromhex(it) for it in leaves]
    require(len(leaves) == head["size"] and root(leaves).hex() == head["root"], "the leaves are not those of the head")
    for it in entries:
        is_there = (
            0 < it["number"] <= head["size"] and sha256(b"\0" + canonical(it)).digest() == leaves[it["number"] - 1]
        )
        require(is_there, f"entry {it['number']} is not in the ledger: altered or foreign")
    for one in seen:
        is_beginning = one["size"] <= head["size"] and root(leaves[: one["size"]]).hex() == one["root"]
        require(is_beginning, f"the ledger is not the one that was seen at {one['at']}")
        is_dated = all(
            it["at"] <= one["at"] if it["number"] <= one["size"] else it["at"] >= one["at"] for it in entries
        )
        require(is_dated, f"entries that were added after {one['at']} bear an earlier time, or the reverse")
    require(all(one["at"] <= it["at"] for one, it in pairwise(entries)), "entries are out of order")
    first, last, made = content["from"], content["to"], content["made_at"][:10]
    require(first <= last <= made and head["at"][:10] <= made, "it is of days after it was made")
    starts = [n for n, it in enumerate(entries) if it["at"][:10] < first and it["kind"] == "run_started"]
    start = max(starts, default=0)
    numbers = [it["number"] for it in entries[start:]]
    begins, is_end = numbers[0] == 1 or starts, numbers[-1] == head["size"] or entries[-1]["at"][:10] > last
    is_whole = begins and is_end and numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    require(is_whole, "entries of that time are left out")
    against, proven, missing, announced, claims, claim = [], set(), False, set(), None, {}
    until = [it for it in entries if it["at"][:10] <= last]
    for it in until:
        if it["kind"] == "claims":
            claims, claim = it["number"], next((one for one in it["claims"] if one["code"] == code), {})
        elif it["kind"] == "publication" and it["publication"] != "governance":
            announced.add((it["run"], it["publication"], it["digest"]))
        elif it["kind"] == "run_ended" and first <= it["at"][:10]:
            in_place = {(it["run"], *file) for file in it["in_place"].items()}
            said = outcome(it, claim.get("rules", []), it["verdict"] == "published" or bool(in_place & announced))
            print(f"  entry {it['number']}, {it['at'][:10]}, run {it['run']} ({it['verdict']}): {said}")
            missing |= it["claims"] != claims
            proven |= {date.fromisoformat(it["at"][:10])} if said == "proved" else set()
            against += [said] if said not in ("proved", "proves nothing") else []
    require(claim == content["claim"], "the sentence or its rules are not those of the ledger")
    started = [it["run"] for it in until if it["kind"] == "run_started"]
    ended = {it["run"] for it in until if it["kind"] == "run_ended"}
    missing |= any(run != one + 1 for one, run in pairwise(started)) or not set(started[:-1]) <= ended
    day, end = date.fromisoformat(first), min(date.fromisoformat(last), date.fromisoformat(made) - timedelta(days=1))
    gaps = [day + timedelta(days=n) for n in range((end - day).days + 1) if day + timedelta(days=n) not in proven]
    for sentence in content["against_the_ledger"]:
        print(f"  against the ledger, by the company's own word: {sentence}")
    verdict = "not proven throughout" if gaps or against or not proven else "proven"
    if missing or content["against_the_ledger"] or {"excepted", "published against it"} & set(against):
        verdict = "broken"
    require(verdict == content["verdict"], "the verdict does not follow from the entries")
    anchors = f"{len(seen)} heads agree that were seen elsewhere" if seen else "compared with no head seen elsewhere"
    return f"{code} from {first} to {last}, as of {made}: {verdict}, {len(gaps)} days without proof; {anchors}."


def main(file, key, anchors=()):
    try:
        require(len(key) == 64 and set(key) <= set("0123456789abcdef"), "KEY must be 64 hexadecimal digits, not a file")
        content, *brought = [json.loads(Path(it).read_text(encoding="utf-8")) for it in (file, *anchors)]
        receipts = [[it["receipt"]["head"], it.get("effect", {}).get("head")] for it in brought if "receipt" in it]
        heads = [it for it in brought if "receipt" not in it] + [it for pair in receipts for it in pair if it]
        print(f"Holds. {verify(content, key, [signed_head(key, it) for it in heads])}")
    except Wrong as wrong:
        sys.exit(f"DOES NOT HOLD: {wrong}.")
    except OSError as error:
        sys.exit(f"DOES NOT HOLD: {error.filename} cannot be read.")
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        sys.exit(f"DOES NOT HOLD: a file is none of Big Trust's, or damaged ({type(error).__name__}).")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, options in {"file": {}, "--key": {"required": True}, "--anchor": {"nargs": "*", "default": []}}.items():
        parser.add_argument(name, **options)
    arguments = parser.parse_args()
    main(arguments.file, arguments.key, arguments.anchor)
