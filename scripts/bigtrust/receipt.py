"""What somebody who asks to be forgotten is told: what happens, by when, what stays, how to look and to withdraw."""

import textwrap
from collections.abc import Sequence
from pathlib import Path

from bigtrust import promise, till
from bigtrust.register import Request

_WIDTH = 110
_GONE = "every analysis, figure and contact list"
_ALONG = "with the returns, tickets, messages and visits that would reveal"
HAPPENS = {
    "purchase_line": f"this line of the purchase disappears from {_GONE}, {_ALONG} it",
    "purchase": f"this purchase disappears from {_GONE}, {_ALONG} it",
    "category": "the customer's purchases in this category and those below it, past and future ones, disappear from "
    f"{_GONE}, {_ALONG} them",
    "person": f"everything about the customer up to now disappears from {_GONE}; whoever comes back starts anew",
}


def lines(request: Request, project: Path, kept: Path) -> list[str]:
    """Return the receipt of one request, as lines of text. It names the request and nobody's identifier.

    `kept` is the file with the signed receipt; the QR code lies beside it.
    """
    entries = {
        "asked": f"{request.requested_at[:16].replace('T', ' ')} UTC ({request.channel})",
        "forget": request.scope.replace("_", " "),
        "happens": HAPPENS[request.scope],
        "when": "with the next run (bigtrust run); if it names what nobody knows yet, when that arrives",
        "by": _by(request, project),
        "kept": till.said("what_the_law_keeps")["en"],
        "proof": f"for the customer, to be verified on the website: {kept}, and as a QR code {kept.stem}.svg",
        "later": f"bigtrust forget --receipt {request.request_id} --output DIR adds the proof that it took effect",
        "look": "bigtrust forget --status",
        "withdraw": f"bigtrust forget --withdraw {request.request_id}",
    }
    return [f"Receipt {request.request_id}", *(line for entry in entries.items() for line in _entry(*entry))]


def summary(new: Sequence[Request], known: int, project: Path, kept: Path) -> list[str]:
    """Return what is told of many requests at once: `new` are registered now, `known` is how many had been before.

    `kept` is the folder with the signed receipts.
    """
    told = [f"Registered {len(new):,} request{'' if len(new) == 1 else 's'}; {known:,} had been registered before."]
    if new:
        oldest = min(new, key=lambda request: request.requested_at)
        told += _entry("by", f"{_by(oldest, project)}, for the oldest")
        told += _entry("proof", f"a signed receipt of each, for its customer: {kept}")
    return [*told, *_entry("look", "bigtrust forget --status")]


def _by(request: Request, project: Path) -> str:
    deadlines = promise.deadlines(request.requested_at, promise.promised_days(project))
    promised = f"{deadlines.promised} as promised; " if deadlines.promised else ""
    return f"{promised}{deadlines.latest} at the latest by law: one month ({promise.LEGAL_SOURCE})"


def _entry(name: str, text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=f"  {name:<9} ", subsequent_indent=" " * 12)
