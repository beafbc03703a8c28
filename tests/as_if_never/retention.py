"""What each relation must show, by the published windows: an independent reading of design.md, section 5.

As if it never happened cannot see a window that is wrong in the same way with and without a request. So the keys that
each mart shows are also foretold in plain Python, from the landing rows without the footprint.
"""

from __future__ import annotations

import calendar
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import Any

from bigtrust.oracle import Landing, Policy, Staging
from k_anonymity import shown

Keys = Counter[tuple[Any, ...]]
Windows = Mapping[tuple[str, str], int]  # months by data category and purpose

_ATTRIBUTES = ("birth_decade", "region", "country", "language", "customer_since_month")
_BANDS = ("preferred_channel", "contact_pressure", "value_band", "recency_band")
_OF_THE_AUDIENCE = (*_ATTRIBUTES[:-1], *_BANDS)
# the columns of each mart that are foretold
FORETOLD = {
    "analytics.customers": ("person_pseudonym", *_ATTRIBUTES),
    "analytics.purchases": ("purchase_pseudonym", "person_pseudonym", "line_count"),
    "analytics.purchase_lines": ("purchase_pseudonym", "product_id", "returned_quantity"),
    "analytics.returns": ("purchase_pseudonym", "returned_on", "quantity"),
    "analytics.touchpoints": ("person_pseudonym", "occurred_on"),
    "analytics.journeys": ("person_pseudonym", "kind", "occurred_on"),
    "insights.experience_by_month": ("happened_month", "segment", "measure", "person_count", "event_count"),
    "insights.sales_by_category_month": ("sold_month", "category_id", "purchase_count"),
    "insights.sales_by_region_month": ("sold_month", "region", "purchase_count"),
    "marketing.audience_members": ("person_pseudonym", *_OF_THE_AUDIENCE),
    "marketing.campaign_results": ("campaign_id", "segment", "person_count", "message_count", "opened_count"),
    "marketing.offer_cool_downs": ("person_pseudonym", "category_id"),
    "marketing.offer_eligibility": ("person_pseudonym", "category_id", "reason"),
    "marketing.offer_pauses": ("person_pseudonym", "reason"),
    "service.contacts": ("person_pseudonym", "opened_on", "is_open"),
    "service.guarantees": ("person_pseudonym", "product_id", "quantity", "purchased_on"),
}


def months_after(day: date, months: int) -> date:
    """The same day so many months later; the last of the month if there is none."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _net_amount(line: Mapping[str, Any]) -> Decimal:
    amount = line["quantity"] * line["unit_price"] - (line.get("discount") or 0)
    return Decimal(amount).quantize(Decimal("0.01"), ROUND_HALF_UP)


def _amount(line: Mapping[str, Any]) -> Decimal:
    return abs(_net_amount(line))


class Shown:
    """What the marts show of landing rows from which the footprint is deleted, on a day."""

    def __init__(
        self,
        landing: Landing,
        policy: Policy,
        *,
        day: date,
        k: int,
        settings: Mapping[str, str],
        windows: Windows,
        regions: Mapping[str, str],
    ) -> None:
        """`settings`: those of the policy, as text; `regions`: the region of each French department by its number."""
        self._zone = policy.zone
        self._settings = {name: int(value) for name, value in settings.items() if value.isdigit()}
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
            **self._shown_to_marketing(),
            **self._shown_to_service(),
            "insights.experience_by_month": self._experiences(),
            "analytics.journeys": self._journeys(),
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

    def _shown_to_marketing(self) -> dict[str, Keys]:
        members = set(self._audience())
        self._messages = [message for message in self._looked_back_at() if message["customer_id"] in members]
        self._bands = {member: self._bands_of(member) for member in members}
        pauses, cool_downs = self._pauses(members), self._cool_downs(members)
        audience = self._attributes(members, _OF_THE_AUDIENCE)
        return {
            "marketing.audience_members": audience,
            "marketing.campaign_results": self._campaign_results(audience),
            "marketing.offer_cool_downs": Counter(cool_downs),
            "marketing.offer_pauses": Counter(pauses.items()),
            # no category of the histories is one that the policy calls vulnerable
            "marketing.offer_eligibility": Counter(
                (member, category, pauses.get(member) or ("cool_down" if (member, category) in cool_downs else "ok"))
                for member in members
                for category in self._catalogue()
            ),
        }

    def _audience(self) -> Iterator[str]:
        """Persons of age, with a record and an activity within marketing's window, whose last word on it is yes."""
        last, words = self._last_activities(), dict[str, list[Mapping[str, Any]]]()
        for row in self._staging.rows("consents"):
            person = row["customer_id"]
            if row["purpose"].lower() == "marketing":
                words.setdefault(person, []).append(row)
        yield from (
            person
            for person, said in words.items()
            if self._is_granted(said)
            and person in self._customers
            and self._is_of_age(self._customers[person]["birth_date"])
            and person in last
            and self._is_shown("customers", last[person], "marketing")
        )

    def _looked_back_at(self) -> Iterator[Mapping[str, Any]]:
        """Messages of months that marketing may look back at, with their day."""
        for row in self._staging.rows("marketing_messages"):
            sent_on = self._local(row["sent_at"])
            if self._is_shown("marketing_messages", sent_on.replace(day=1), "marketing") and self._may_be_used(row):
                yield {**row, "sent_on": sent_on}

    def _may_be_used(self, contact: Mapping[str, Any]) -> bool:
        """What is about a purchase never outlives it."""
        bought_on = self._bought_on.get(contact.get("purchase_id"))  # type: ignore[arg-type]  # None is in no purchase
        return bought_on is None or self._is_shown("purchases", bought_on, "marketing")

    def _bands_of(self, person: str) -> dict[str, str]:
        messages = self._received.get(person, ())
        opened = Counter(self._channel(message) for message in messages if self._is_opened(message))
        since = self._day - timedelta(self._settings["contact_days"])
        recent = len([message for message in messages if message["sent_on"] > since])
        months = {
            month: paid
            for month, paid in self._paid.get(person, {}).items()
            if self._is_shown("purchases", month, "marketing")
        }
        value = sum(paid for month, paid in months.items() if month > months_after(self._day, -13))
        last, ends = max(months, default=None), {"quarter": 4, "year": 13}
        return {
            "preferred_channel": max(opened, key=lambda channel: (opened[channel], channel), default="unknown"),
            "contact_pressure": "at_limit"
            if recent >= self._settings["contact_limit"]
            else "some"
            if recent
            else "none",
            "value_band": "high"
            if value >= self._settings["value_high"]
            else "middle"
            if value >= self._settings["value_middle"]
            else "low",
            "recency_band": "none"
            if last is None
            else next((band for band, ago in ends.items() if last > months_after(self._day, -ago)), "longer"),
        }

    @cached_property
    def _received(self) -> dict[str, list[Mapping[str, Any]]]:
        received = defaultdict(list)
        for message in self._messages:
            received[message["customer_id"]].append(message)
        return received

    @cached_property
    def _paid(self) -> dict[str | None, Counter[date]]:
        """What each person paid by month."""
        paid: dict[str | None, Counter[date]] = defaultdict(Counter)
        for (purchase, _), line in self._lines.items():
            month = self._bought_on[purchase].replace(day=1)
            paid[self._owner(purchase)][month] += _net_amount(line)  # type: ignore[assignment]  # a Counter of amounts
        return paid

    @staticmethod
    def _is_opened(message: Mapping[str, Any]) -> bool:
        return bool(message.get("opened_at") or message.get("clicked_at"))

    @staticmethod
    def _channel(message: Mapping[str, Any]) -> str:
        channel: str = message.get("channel") or "unknown"
        return channel if channel in ("email", "sms", "post", "app", "unknown") else "other"

    def _pauses(self, members: Iterable[str]) -> dict[str, str]:
        """Who gets no offer at all, and the first reason."""
        quiet = timedelta(self._settings["quiet_days"])
        complaints = {
            row.get("customer_id")
            for row in self._staging.rows("support_tickets")
            if self._may_be_used(row)
            and self._is_shown("support_tickets", self._local(row["opened_at"]), "marketing")
            and (row.get("closed_at") is None or self._local(row["opened_at"]) + quiet > self._day)
        }
        returns = {
            self._owner(row["purchase_id"])
            for row in self._returns
            if self._may_be_used(row)
            and self._is_shown("returns", self._local(row["returned_at"]), "marketing")
            and self._local(row["returned_at"]) + quiet > self._day
        }
        pressed = {member for member in members if self._bands[member]["contact_pressure"] == "at_limit"}
        reasons = {"recent_complaint": complaints, "recent_return": returns, "contact_pressure": pressed}
        found = {
            member: next((reason for reason, whom in reasons.items() if member in whom), None) for member in members
        }
        return {member: reason for member, reason in found.items() if reason is not None}

    def _cool_downs(self, members: Iterable[str]) -> set[tuple[str, str]]:
        """Who gets no offer for which category: what they bought lately is of it, or of a category above it."""
        members, cool = set(members), set()
        below = defaultdict(set)
        for category in self._categories():
            for above in self._line_of(category):
                below[above].add(category)
        for (purchase, _), line in self._lines.items():
            owner, bought_on = self._owner(purchase), self._bought_on[purchase]
            category = self._category(line, owner)
            months = self._cycle(category)
            if owner in members and category is not None and months:
                share = -(-months * self._settings["cool_down_percent"] // 100)
                is_used = self._is_shown("purchases", bought_on, "marketing")
                if months_after(bought_on, share) > self._day and is_used:
                    cool |= {(owner, restrained) for restrained in below[category]}
        return cool

    def _cycle(self, category: str | None) -> int:
        """Its own, else the longest of those above it; 0: none."""
        rows = self._category_rows
        cycles = [
            int(rows[above].get("replacement_cycle_months") or 0) if above in rows else 0
            for above in (self._line_of(category) if category else ())
        ]
        return (cycles[0] or max(cycles)) if cycles else 0

    def _line_of(self, category: str) -> list[str]:
        """The category, the one above it, and so on."""
        rows, line = self._category_rows, [category]
        while (above := rows.get(line[-1], {}).get("parent_category_id")) and above not in line:
            line.append(above)
        return line

    @cached_property
    def _category_rows(self) -> dict[str, Mapping[str, Any]]:
        return self._staging.by("product_categories", "category_id")

    def _catalogue(self) -> set[str]:
        """The categories that were delivered, or that a product is of."""
        rows, products = self._staging.rows("product_categories"), self._products.values()
        return {row["category_id"] for row in rows} | {row["category_id"] for row in products if row.get("category_id")}

    def _categories(self) -> set[str]:
        """Those, and what is named above them."""
        return {above for category in self._catalogue() for above in self._line_of(category)}

    def _campaign_results(self, audience: Keys) -> Keys:
        at = 1 + _OF_THE_AUDIENCE.index("value_band")
        segments = {member[0]: member[at] for member in audience}
        sent: dict[tuple[str, str], Counter[str | None]] = defaultdict(Counter)
        opened: Counter[tuple[str, str]] = Counter()
        for message in self._messages:
            if message.get("campaign_id"):
                cell = (message["campaign_id"], segments[message["customer_id"]])
                sent[cell][message["customer_id"]] += 1
                opened[cell] += self._is_opened(message)
        small = {cell for cell in sent if self._is_small(set(sent[cell]), sent[cell])}  # type: ignore[arg-type]
        for campaign in {campaign for campaign, _ in small}:
            hidden: Counter[str | None] = Counter()
            for cell in small:
                hidden.update(sent[cell] if cell[0] == campaign else {})
            others = [cell for cell in sent.keys() - small if cell[0] == campaign]
            if others and self._is_small(set(hidden), hidden):  # type: ignore[arg-type]
                small.add(min(others, key=lambda cell: (len(sent[cell]), cell[1])))
        return Counter((*cell, len(sent[cell]), sent[cell].total(), opened[cell]) for cell in sent.keys() - small)

    @staticmethod
    def _is_granted(words: Iterable[Mapping[str, Any]]) -> bool:
        """Of all that was said in the last moment, nothing may have been no."""
        words = list(words)
        last = max(word["recorded_at"] for word in words)
        return all(word["granted"] for word in words if word["recorded_at"] == last)

    def _is_of_age(self, born: date | None) -> bool:
        return born is None or months_after(born, 12 * self._settings["marketing_age"]) <= self._day

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
        if column in _BANDS:
            return self._bands[customer["customer_id"]][column]
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
        return Counter((row["customer_id"], day) for _, row, day in self._contacts())

    def _contacts(self) -> Iterator[tuple[str, Mapping[str, Any], date]]:
        """The contacts that are shown, each with its landing table and its day."""
        contacts = {"web_events": "occurred_at", "support_tickets": "opened_at", "marketing_messages": "sent_at"}
        for table, happened in contacts.items():
            for row in self._staging.rows(table):
                day, bought_on = self._local(row[happened]), self._bought_on.get(row.get("purchase_id"))
                outlives = bought_on is not None and not self._is_shown("purchases", bought_on)
                if row.get("customer_id") is not None and self._is_shown(table, day) and not outlives:
                    yield table, row, day

    def _journeys(self) -> Keys:
        """Contacts, purchases and returns of persons, as the other marts show them."""
        steps = Counter(
            (self._owner(purchase), "purchase", bought_on)
            for purchase, bought_on in self._bought_on.items()
            if self._owner(purchase) is not None and self._is_shown("purchases", bought_on)
        )
        steps += Counter(
            (owner, "return", self._local(row["returned_at"]))
            for row in self._returns
            if (owner := self._owner(row["purchase_id"])) is not None and self._is_return_shown(row)
        )
        kinds = {"web_events": "page_view", "support_tickets": "support_ticket"}
        for table, row, day in self._contacts():
            steps[row["customer_id"], kinds.get(table, "marketing_message"), day] += 1
        return steps

    def _experiences(self) -> Keys:
        """A month of them expires as a whole; what is about a purchase never outlives it."""
        found: dict[tuple[date, str, str], Counter[str | None]] = defaultdict(Counter)

        def happened(owner: str | None, day: date, category: str, bought_on: date | None, *measures: str) -> None:
            month = day.replace(day=1)
            is_shown = self._is_shown(category, month, "insights")
            if bought_on is not None:
                is_shown = is_shown and self._is_shown("purchases", bought_on.replace(day=1), "insights")
            if owner is not None and is_shown:
                for measure in measures:
                    found[month, "all", measure][owner] += 1
                    found[month, self._region({}, owner), measure][owner] += 1

        for row in self._staging.rows("support_tickets"):
            measures = ["questions"]
            if row.get("satisfaction") is not None and 1 <= row["satisfaction"] <= 5:
                measures.append("satisfaction")
            opened_on, closed_at = self._local(row["opened_at"]), row.get("closed_at")
            if closed_at is not None and self._local(closed_at) >= opened_on:
                measures.append("days_to_answer")
            bought_on = self._bought_on.get(row.get("purchase_id"))  # type: ignore[arg-type]  # None is in no purchase
            happened(row.get("customer_id"), opened_on, "support_tickets", bought_on, *measures)
        for row in self._returns:
            purchase, returned_on = row["purchase_id"], self._local(row["returned_at"])
            happened(self._owner(purchase), returned_on, "returns", self._bought_on[purchase], "returns")
        for row in self._staging.rows("marketing_messages"):
            bought_on = self._bought_on.get(row.get("purchase_id"))  # type: ignore[arg-type]
            happened(row["customer_id"], self._local(row["sent_at"]), "marketing_messages", bought_on, "messages")

        small = {cell for cell in found if self._is_small(set(found[cell]), found[cell])}  # type: ignore[arg-type]
        for month, measure in {(month, measure) for month, segment, measure in small if segment != "all"}:
            regions = [cell for cell in found if (cell[0], cell[2]) == (month, measure) and cell[1] != "all"]
            hidden: Counter[str | None] = Counter()
            for cell in regions:
                hidden.update(found[cell] if cell in small else {})
            others = [cell for cell in regions if cell not in small]
            if others and self._is_small(set(hidden), hidden):  # type: ignore[arg-type]
                small.add(min(others, key=lambda cell: (len(found[cell]), cell[1])))
        return Counter((*cell, len(found[cell]), found[cell].total()) for cell in found.keys() - small)

    def _shown_to_service(self) -> dict[str, Keys]:
        returned: Counter[tuple[str, str]] = Counter()
        for row in self._returns:
            returned[row["purchase_id"], row["line_number"]] += row["quantity"]
        return {
            "service.guarantees": Counter(
                (self._owner(purchase), line["product_id"], left, self._bought_on[purchase])
                for (purchase, number), line in self._lines.items()
                if self._owner(purchase) is not None
                and self._is_shown("purchases", self._bought_on[purchase], "service")
                and (left := Decimal(line["quantity"] - returned[purchase, number]).normalize()) > 0
            ),
            "service.contacts": Counter(
                (row["customer_id"], opened_on, row.get("closed_at") is None)
                for row in self._staging.rows("support_tickets")
                if row.get("customer_id") is not None
                and self._is_shown("support_tickets", opened_on := self._local(row["opened_at"]), "service")
                and (
                    (bought_on := self._bought_on.get(row.get("purchase_id"))) is None  # type: ignore[arg-type]
                    or self._is_shown("purchases", bought_on, "service")
                )
            ),
        }

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
