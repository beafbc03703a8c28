"""Verify a justification or a receipt without anything of Big Trust but this file: Python and `cryptography` suffice.

    python verify_evidence.py FILE --key KEY

KEY is the company's public key (64 hexadecimal digits), best from where it cannot be changed: a receipt that was given
out. Exit code 0 if everything holds, else 1. The format (docs/accountability.md): canonical JSON (RFC 8785), a Merkle
tree (RFC 9162, section 2.1), Ed25519 signatures (RFC 8032).
"""

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
    try:
        message = f"bigtrust {purpose} v1\n".encode() + canonical(value)
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(signature), message)
    except InvalidSignature:
        raise Wrong(f"the {purpose} is not signed with this key, or was altered") from None


def signed_head(key, head):
    signed(key, "head", {name: head[name] for name in ("at", "root", "size")}, head["signature"])
    return head


def included(entry, path, head):
    """RFC 9162, section 2.1.3.2."""
    index, last = entry["number"] - 1, head["size"] - 1
    require(0 <= index <= last, f"entry {entry['number']} is outside of the ledger")
    node = sha256(b"\0" + canonical(entry)).digest()
    for sibling in map(bytes.fromhex, path):
        require(last > 0, f"the proof of entry {entry['number']} is too long")
        if index % 2 or index == last:
            node = sha256(b"\1" + sibling + node).digest()
            while index % 2 == 0 and index:
                index, last = index // 2, last // 2
        else:
            node = sha256(b"\1" + node + sibling).digest()
        index, last = index // 2, last // 2
    require(
        last == 0 and node.hex() == head["root"], f"entry {entry['number']} is not in the ledger: altered or foreign"
    )


def verify_receipt(content, key):
    told = content["receipt"]
    require(set(content) <= {"receipt", "signature", "effect"}, "it holds what no receipt holds")
    require(told["key"] == key, "the receipt is signed with another key")
    signed(key, "receipt", told, content["signature"])
    if told["head"]:
        signed_head(key, told["head"])
    if effect := content.get("effect"):
        require(effect["entry"]["commitment"] == sha256(canonical(told)).hexdigest(), "it proves another request")
        included(effect["entry"], effect["path"], signed_head(key, effect["head"]))
        return f"Request {told['number']} took effect with run {effect['entry']['run']}, {effect['entry']['at']}."
    return (
        f"Request {told['number']} is registered since {told['requested_at']}; that it took effect is not proven here."
    )


def outcome(entry, rules):
    """How a run bears on a sentence: the same decisions as in bigtrust/justify/judge.py."""
    results = {rule: entry["checks"][rule] for rule in rules if rule in entry["checks"]}
    is_published = entry["verdict"] == "published"
    if any(counts["failed"] for counts in results.values()):
        return "published against it" if is_published else "refused"
    if is_published and any(counts["excepted"] for counts in results.values()):
        return "excepted"
    is_checked = rules and len(results) == len(set(rules)) and all(counts["passed"] for counts in results.values())
    return "proved" if is_published and is_checked else "proves nothing"


def verify_justification(content, key):
    evidence, code = content["evidence"], content["claim"]["code"]
    head, entries = signed_head(key, evidence["head"]), evidence["entries"]
    for entry in entries:
        included(entry, evidence["paths"][str(entry["number"])], head)
    first, last, made = content["from"], content["to"], content["made_at"][:10]
    start = max((place for place, entry in enumerate(entries) if entry["at"][:10] < first), default=0)
    numbers = [entry["number"] for entry in entries[start:]]
    begins = numbers[0] == 1 or entries[start]["at"][:10] < first
    ends = numbers[-1] == head["size"] or entries[-1]["at"][:10] > last
    is_whole = numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    require(begins and ends and is_whole, "entries of that time are left out")
    against, proven, rules, sentence = [], set(), [], None
    until = [entry for entry in entries if entry["at"][:10] <= last]
    for entry in until:
        if entry["kind"] == "claims":
            claim = next((claim for claim in entry["claims"] if claim["code"] == code), None)
            rules, sentence = (claim["rules"], claim["en"]) if claim else ([], None)
        elif entry["kind"] == "run_ended" and first <= entry["at"][:10]:
            said = outcome(entry, rules)
            print(f"  entry {entry['number']}, {entry['at'][:10]}, run {entry['run']} ({entry['verdict']}): {said}")
            if said == "proved":
                proven.add(date.fromisoformat(entry["at"][:10]))
            elif said != "proves nothing":
                against.append(said)
    require(sentence == content["claim"]["en"], "the sentence is not the one of the ledger")
    started = [entry["run"] for entry in until if entry["kind"] == "run_started"]
    ended = {entry["run"] for entry in until if entry["kind"] == "run_ended"}
    missing = any(run != one + 1 for one, run in pairwise(started)) or not set(started[:-1]) <= ended
    day, end = date.fromisoformat(first), min(date.fromisoformat(last), date.fromisoformat(made) - timedelta(days=1))
    gaps = [day + timedelta(days=n) for n in range((end - day).days + 1) if day + timedelta(days=n) not in proven]
    if missing or {"excepted", "published against it"} & set(against):
        verdict = "broken"
    else:
        verdict = "not proven throughout" if gaps or against or not proven else "proven"
    require(
        verdict == content["verdict"] or content["against_the_ledger"], "the verdict does not follow from the entries"
    )
    return f"{code} from {first} to {last}: {verdict}, {len(gaps)} days without proof. {sentence}"


def main(file, key):
    try:
        content = json.loads(Path(file).read_text(encoding="utf-8"))
        verify = verify_receipt if "receipt" in content else verify_justification
        print(f"Holds. {verify(content, key)}")
    except Wrong as wrong:
        sys.exit(f"DOES NOT HOLD: {wrong}.")
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        sys.exit(f"DOES NOT HOLD: the file is none of Big Trust's, or damaged ({type(error).__name__}).")


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[2] != "--key":
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[3])
