"""What the register holds of one person: their requests to forget, what became of them, and what is remembered so that
it stays forgotten."""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import duckdb

from bigtrust import register, signed_receipts, sql, states
from bigtrust.errors import ConfigurationError
from bigtrust.settings import Settings


@dataclass(frozen=True)
class Asked:
    """The requests, each with its state and receipt, and the forgotten lines that the register remembers."""

    requests: list[dict[str, Any]]
    lines: list[dict[str, Any]]

    @property
    def effective(self) -> list[dict[str, Any]]:
        """The requests that took effect and stand."""
        return [request for request in self.requests if request["state"] == states.EFFECTIVE]

    @cached_property
    def forgotten_lines(self) -> frozenset[tuple[str, str]]:
        """Purchase and number of each forgotten line."""
        return frozenset((line["purchase_id"], line["line_number"]) for line in self.lines)

    @cached_property
    def touched_purchases(self) -> frozenset[str]:
        """The purchases of which anything is forgotten."""
        return frozenset(line["purchase_id"] for line in self.lines)


def read(connection: duckdb.DuckDBPyConnection, settings: Settings, customer: str, purchases: Collection[str]) -> Asked:
    """Return what there is of a customer, the oldest request first. `purchases` are theirs, also in `own.purchases`.

    Raises InputError if the register is damaged or lacks a request that a run has seen, ConfigurationError if a receipt
    is damaged.
    """
    registered, known = register.read(settings.register), states.load(settings.register)
    register.require_complete(registered, settings.seen_requests)
    requests = [
        _told(settings, name, request, known.get(name))
        for name, request in registered.items()
        if _is_own(request, customer, purchases)
    ]
    lines = sql.rows(
        connection,
        f"""
        from ({register.forgotten_lines_sql(settings.register)})
        where customer_id = $1 or (customer_id is null and purchase_id in (select purchase_id from own.purchases))
        order by all
        """,
        [customer],
    )
    return Asked(
        sorted(requests, key=lambda request: (str(request["requested_at"]), str(request["request_id"]))),
        lines,
    )


def _is_own(request: register.Request, customer: str, purchases: Collection[str]) -> bool:
    """As a landed row: a request is of whom it names, and of the customer of its purchase if it names nobody."""
    named = register.cleaned(request.customer_id)
    return named == customer or (named is None and register.cleaned(request.purchase_id) in purchases)


def _told(settings: Settings, name: str, request: register.Request, state: states.State | None) -> dict[str, Any]:
    if request.withdrawn_at is not None:
        word = states.WITHDRAWN
    elif state is None or state.state == states.WITHDRAWN:
        word = states.WAITING
    else:
        word = state.state
    since = state if state is not None and state.state == word else None
    return asdict(request) | {
        "state": word,
        "since_run": since.since_run if since else None,
        "since": since.since if since else None,
        "receipt": _receipt(settings, name),
    }


def _receipt(settings: Settings, name: str) -> Mapping[str, Any] | None:
    """The receipt of a request as it was given out, if there is one.

    `name` is that of its file in the register: landing may deliver a number that another request has.
    """
    path = signed_receipts.folder(settings) / f"{name}.json"
    if not path.is_file():
        return None
    try:
        content: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise ConfigurationError(f"Receipt {path} is damaged. Restore it from the backup of the register.") from None
    return content
