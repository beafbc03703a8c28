"""Until when each landed row of a person serves each purpose, from the retention windows of the policy in force.

The models compute the same (macros/policy/needed_until.sql); docs/retention.md says the rules.
"""

import calendar
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from bigtrust.access.asked import Asked
from bigtrust.access.landed import USED, Landed, Row

# The window of a table, and the column with the day of each event that may start it. What has no window of its own
# stays as long as the customer record (consents), the request (erasure_requests) or the hold (legal_holds).
CATEGORIES = {
    "customers": "customers",
    "consents": "customers",
    "purchases": "purchases",
    "purchase_lines": "purchases",
    "returns": "returns",
    "web_events": "web_events",
    "support_tickets": "support_tickets",
    "marketing_messages": "marketing_messages",
}
_EVENTS = {
    "web_events": "occurred_on",
    "support_tickets": "opened_on",
    "marketing_messages": "sent_on",
}
IN_USE, ENDED, FORGOTTEN, NO_CONSENT = "in_use", "ended", "forgotten", "no_consent"


@dataclass(frozen=True)
class Use:
    """A purpose that a row serves, until which day (the first on which it no longer does; None: not known).

    `state` is in_use, ended, forgotten (at the person's request) or no_consent.
    """

    purpose: str
    until: date | None
    state: str


@dataclass(frozen=True)
class Kept:
    """How long a row is kept: its uses, and the day on which the last that applies ends.

    A row that no run uses (it was set aside or delivered again) has none, nor has a purchase of somebody else.
    """

    uses: list[Use]
    is_forgotten: bool
    is_held: bool

    @property
    def needed_until(self) -> date | None:
        """The day on which the last use that applies ends."""
        days = [use.until for use in self.uses if use.state == IN_USE and use.until]
        return max(days, default=None)


@dataclass(frozen=True)
class Policy:
    """The purposes and windows of the policy in force, and what of the person they depend on."""

    windows: Sequence[Mapping[str, Any]]
    purposes: Mapping[str, Mapping[str, Any]]
    day: date  # what is today
    last_active_on: date | None
    created_on: date | None
    agrees_to_marketing: bool


def kept(policy: Policy, landed: Landed, asked: Asked) -> dict[str, list[Kept]]:
    """Return how long each landed row is kept, by table, in the order of the rows."""
    bought = {
        row.read["purchase_id"]: row.read["purchased_on"]
        for row in landed.rows["purchases"]
        if row.is_good and not landed.is_elsewhere("purchases", row)
    }
    is_held = _holds(policy, landed)
    # purchases of which a line stays
    staying = {
        row.read["purchase_id"]
        for row in landed.rows["purchase_lines"]
        if (row.read["purchase_id"], row.read["line_number"]) not in asked.forgotten_lines
    }
    result = {}
    for name, rows in landed.rows.items():
        result[name] = [
            Kept(
                [] if landed.is_elsewhere(name, row) else _uses(policy, name, row, bought, gone),
                gone,
                is_held(name, row),
            )
            for row in rows
            for gone in [_is_forgotten(name, row, staying, asked)]
        ]
    return result


def later(day: date, months: int) -> date:
    """Return the day of the same number so many months later, or the last day of a shorter month (as the engine)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _uses(policy: Policy, name: str, row: Row, bought: Mapping[str, date | None], is_forgotten: bool) -> list[Use]:
    category = CATEGORIES.get(name)
    if row.state != USED or category is None:
        return []
    parents = {window["purpose"]: window for window in policy.windows if window["data_category"] == "purchases"}
    parent_on = None if name in ("customers", "consents") else bought.get(row.read.get("purchase_id") or "")
    uses = []
    for window in policy.windows:
        if window["data_category"] != category:
            continue
        purpose = window["purpose"]
        start = _start(policy, name, window["start_event"], row, parent_on)
        until = later(start, window["period_months"]) if start else None
        if until and parent_on and purpose in parents:
            until = min(until, later(parent_on, parents[purpose]["period_months"]))
        uses.append(Use(purpose, until, _state(policy, purpose, until, is_forgotten)))
    return uses


def _start(policy: Policy, name: str, event: str, row: Row, parent_on: date | None) -> date | None:
    starts: dict[str, date | None] = {
        "last_activity": policy.last_active_on,
        "account_creation": policy.created_on,
        "purchase": parent_on,
        "return": row.read.get("returned_on"),
        "event": row.read.get(_EVENTS.get(name, "")),
    }
    return starts.get(event)


def _state(policy: Policy, purpose: str, until: date | None, is_forgotten: bool) -> str:
    if is_forgotten and policy.purposes[purpose]["honours_erasure"]:
        return FORGOTTEN
    if until is None or until <= policy.day:
        return ENDED
    if purpose == "marketing" and not policy.agrees_to_marketing:
        return NO_CONSENT
    return IN_USE


def _is_forgotten(name: str, row: Row, staying: Collection[str], asked: Asked) -> bool:
    """By what the last run says is due, by the lines that the register remembers, and by what names their purchase."""
    if row.state != USED:
        return False
    if row.due_reason == "forgotten":
        return True
    purchase = row.read.get("purchase_id")
    if name in ("purchase_lines", "returns"):
        return (purchase, row.read["line_number"]) in asked.forgotten_lines
    if name == "purchases":
        return purchase in asked.touched_purchases and purchase not in staying
    return name in _EVENTS and purchase in asked.touched_purchases


def _holds(policy: Policy, landed: Landed) -> Callable[[str, Row], bool]:
    """Whether a legal hold keeps a row: of the customer, of a purchase, or of what names the purchase."""
    holds = [
        row.read
        for row in landed.rows["legal_holds"]
        if row.is_good
        and row.read["held_from"].date() <= policy.day
        and (row.read["held_until"] is None or row.read["held_until"].date() > policy.day)
    ]
    purchases = {hold["purchase_id"] for hold in holds if hold["purchase_id"]}
    everything = any(hold["customer_id"] and not hold["purchase_id"] for hold in holds)

    def is_held(name: str, row: Row) -> bool:
        if name in ("erasure_requests", "legal_holds"):
            return False
        if name == "customers" and purchases:
            return True
        return everything or row.read.get("purchase_id") in purchases

    return is_held
