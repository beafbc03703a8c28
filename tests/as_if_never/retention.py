"""What each relation must show, by the published windows: an independent reading of design.md, section 5.

As if it never happened cannot see a window that is wrong in the same way with and without a request. So the keys that
each mart shows are also foretold in plain Python, from the landing rows without the footprint.
"""

from __future__ import annotations

import calendar
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from bigtrust.oracle import Landing, Policy, Staging
from k_anonymity import shown

Keys = Counter[tuple[Any, ...]]
Windows = Mapping[tuple[str, str], int]  # months by data category and purpose

_ATTRIBUTES = ("birth_decade", "region", "country", "language", "customer_since_month")
_OF_THE_AUDIENCE = _ATTRIBUTES[:-1]
# the columns of each mart that are foretold
FORETOLD = {
    "analytics.customers": ("person_pseudonym", *_ATTRIBUTES),
    "analytics.purchases": ("purchase_pseudonym", "person_pseudonym", "line_count"),
    "analytics.purchase_lines": ("purchase_pseudonym", "product_id", "returned_quantity"),
    "analytics.returns": ("purchase_pseudonym", "returned_on", "quantity"),
    "analytics.touchpoints": ("person_pseudonym", "occurred_on"),
    "insights.sales_by_category_month": ("sold_month", "category_id", "purchase_count"),
    "insights.sales_by_region_month": ("sold_month", "region", "purchase_count"),
    "marketing.audience_members": ("person_pseudonym", *_OF_THE_AUDIENCE),
}


def months_after(day: date, months: int) -> date:
    """The same day so many months later; the last of the month if there is none."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _amount(line: Mapping[str, Any]) -> Decimal:
    amount = line["quantity"] * line["unit_price"] - (line.get("discount") or 0)
    return abs(Decimal(amount).quantize(Decimal("0.01"), ROUND_HALF_UP))


class Shown:
    """What the marts show of landing rows from which the footprint is deleted, on a day."""

    def __init__(
        self,
        landing: Landing,
        policy: Policy,
        *,
        day: date,
        k: int,
        marketing_age: int,
        windows: Windows,
        regions: Mapping[str, str],
    ) -> None:
        """`marketing_age`: in years; `regions`: the region of each French department by its number."""
        self._zone, self._marketing_age = policy.zone, marketing_age
        self._day, self._k, self._windows, self._regions = day, k, windows, regions
        staging = Staging(landing, policy)
        self._staging = staging
        self._headers = staging.by("purchases", "purchase_id")
        self._products = staging.by("products", "product_id")
        self._customers = staging.by("customers", "customer_id")
        self._lines = {
            (line["purchase_id"], line["line_number"]): line
            for line in staging.rows("purchase_lines")
            if line["purchase_id"] in self._headers
        }
        self._returns = [
            row for row in staging.rows("returns") if (row["purchase_id"], row["line_number"]) in self._lines
        ]
        self._bought_on = {
            purchase: self._local(self._headers[purchase]["purchased_at"])
            for purchase in {purchase for purchase, _ in self._lines}
        }

    def keys(self) -> dict[str, Keys]:
        """The foretold columns of each mart's rows, with customers and purchases by their numbers."""
        return {
            "analytics.customers": self._shown_customers(),
            "analytics.purchases": Counter(
                (purchase, self._owner(purchase), lines)
                for purchase, lines in Counter(purchase for purchase, _ in self._lines).items()
                if self._is_shown("purchases", self._bought_on[purchase])
            ),
            "analytics.purchase_lines": Counter(
                (purchase, line["product_id"], self._returned(purchase, number))
                for (purchase, number), line in self._lines.items()
                if self._is_shown("purchases", self._bought_on[purchase])
            ),
            "analytics.returns": Counter(
                (row["purchase_id"], self._local(row["returned_at"]), row["quantity"])
                for row in self._returns
                if self._is_return_shown(row)
            ),
            "analytics.touchpoints": self._shown_touchpoints(),
            "insights.sales_by_category_month": self._cells(self._category, is_anonymous_counted=True),
            "insights.sales_by_region_month": self._cells(self._region, is_anonymous_counted=False),
            "marketing.audience_members": self._shown_audience(),
        }

    def _shown_customers(self) -> Keys:
        last = self._last_activities()
        return self._attributes(
            (
                customer
                for customer in self._customers
                if customer in last and self._is_shown("customers", last[customer])
            ),
            _ATTRIBUTES,
        )

    def _shown_audience(self) -> Keys:
        """Persons of age, with a record and an activity within marketing's window, whose last word on it is yes."""
        last, words = self._last_activities(), dict[str, list[Mapping[str, Any]]]()
        for row in self._staging.rows("consents"):
            person = row["customer_id"]
            if row["purpose"].lower() == "marketing":
                words.setdefault(person, []).append(row)
        return self._attributes(
            (
                person
                for person, said in words.items()
                if self._is_granted(said)
                and person in self._customers
                and self._is_of_age(self._customers[person]["birth_date"])
                and person in last
                and self._is_shown("customers", last[person], "marketing")
            ),
            _OF_THE_AUDIENCE,
        )

    @staticmethod
    def _is_granted(words: Iterable[Mapping[str, Any]]) -> bool:
        """Of all that was said in the last moment, nothing may have been no."""
        words = list(words)
        last = max(word["recorded_at"] for word in words)
        return all(word["granted"] for word in words if word["recorded_at"] == last)

    def _is_of_age(self, born: date | None) -> bool:
        return born is None or months_after(born, 12 * self._marketing_age) <= self._day

    def _attributes(self, persons: Iterable[str], columns: tuple[str, ...]) -> Keys:
        """Each person with what is shown of them, so that nobody is one of fewer than k."""
        known = {person: [self._attribute(self._customers[person], column) for column in columns] for person in persons}
        return Counter((person, *values) for person, values in shown(known, columns, self._k).items())

    def _attribute(self, customer: Mapping[str, Any], column: str) -> Any:
        born, opened = customer["birth_date"], customer["created_at"]
        if column == "birth_decade":
            return born.year // 10 * 10 if born and date(1900, 1, 1) <= born <= self._day else None
        if column == "customer_since_month":
            return self._local(opened).replace(day=1) if opened else None
        if column == "region":
            return self._region({}, customer["customer_id"])
        return customer.get(column) or "unknown"

    def _last_activities(self) -> dict[str, date]:
        """The last contact that came from each person."""
        last: dict[str, date] = {}

        def active(customer: str | None, day: date) -> None:
            if customer is not None:
                last[customer] = max(day, last.get(customer, day))

        for customer, row in self._customers.items():
            if row["created_at"] is not None:
                active(customer, self._local(row["created_at"]))
        for purchase, day in self._bought_on.items():
            active(self._owner(purchase), day)
        for row in self._returns:
            active(self._owner(row["purchase_id"]), self._local(row["returned_at"]))
        for table, happened in (("web_events", "occurred_at"), ("support_tickets", "opened_at")):
            for row in self._staging.rows(table):
                active(row.get("customer_id"), self._local(row[happened]))
        return last

    def _shown_touchpoints(self) -> Keys:
        shown: Keys = Counter()
        contacts = {"web_events": "occurred_at", "support_tickets": "opened_at", "marketing_messages": "sent_at"}
        for table, happened in contacts.items():
            for row in self._staging.rows(table):
                day, bought_on = self._local(row[happened]), self._bought_on.get(row.get("purchase_id"))
                outlives = bought_on is not None and not self._is_shown("purchases", bought_on)
                if row.get("customer_id") is not None and self._is_shown(table, day) and not outlives:
                    shown[row["customer_id"], day] += 1
        return shown

    def _cells(self, place: Any, *, is_anonymous_counted: bool) -> Keys:
        purchases: dict[tuple[date, Any], set[str]] = defaultdict(set)
        persons: dict[tuple[date, Any], set[str]] = defaultdict(set)
        paid: dict[tuple[date, Any], Counter[str | None]] = defaultdict(Counter)
        for (purchase, _), line in self._lines.items():
            owner = self._owner(purchase)
            cell = (self._bought_on[purchase].replace(day=1), place(line, owner))
            if owner is not None:
                persons[cell].add(owner)
            if owner is not None or is_anonymous_counted:
                purchases[cell].add(purchase)
                paid[cell][owner] += _amount(line)  # type: ignore[assignment]  # a Counter of amounts
        small = {cell for cell in purchases if self._is_small(persons[cell], paid[cell])}
        for month in {month for month, _ in small}:
            hidden = [cell for cell in small if cell[0] == month]
            others = [cell for cell in purchases.keys() - small if cell[0] == month]
            all_paid: Counter[str | None] = Counter()
            for cell in hidden:
                all_paid.update(paid[cell])
            if others and self._is_small(set().union(*(persons[cell] for cell in hidden)), all_paid):
                small.add(min(others, key=lambda cell: (len(purchases[cell]), cell[1] is not None, cell[1])))
        return Counter(
            (month, where, len(purchases[month, where]))
            for month, where in purchases.keys() - small
            if self._is_shown("purchases", month, "insights")
        )

    def _is_small(self, persons: set[str], paid: Mapping[str | None, Any]) -> bool:
        """Whether fewer than k persons are in it, or one of them makes more than 80 percent of it."""
        most = max((amount for owner, amount in paid.items() if owner is not None), default=0)
        return len(persons) < self._k or (self._k > 1 and 5 * most > 4 * sum(paid.values()))

    def _category(self, line: Mapping[str, Any], _: str | None) -> str | None:
        category: str | None = self._products.get(line["product_id"], {}).get("category_id")
        return category

    def _region(self, _: Mapping[str, Any], owner: str | None) -> str:
        customer = self._customers.get(owner or "", {})
        if customer.get("country") != "FR":
            return "unknown"
        return self._regions.get((customer.get("postal_code") or "")[:2], "unknown")

    def _owner(self, purchase: str) -> str | None:
        owner: str | None = self._headers[purchase].get("customer_id")
        return owner

    def _returned(self, purchase: str, number: str) -> Decimal:
        """How much of a line came back, as far as the returns are still shown."""
        return sum(
            (
                row["quantity"]
                for row in self._returns
                if (row["purchase_id"], row["line_number"]) == (purchase, number) and self._is_return_shown(row)
            ),
            Decimal(0),
        )

    def _is_return_shown(self, row: Mapping[str, Any]) -> bool:
        """The window of a return starts with its purchase, and it never outlives it."""
        bought_on = self._bought_on[row["purchase_id"]]
        return self._is_shown("returns", bought_on) and self._is_shown("purchases", bought_on)

    def _is_shown(self, category: str, start: date, purpose: str = "analytics") -> bool:
        return months_after(start, self._windows[category, purpose]) > self._day

    def _local(self, moment: datetime) -> date:
        return moment.astimezone(self._zone).date()
