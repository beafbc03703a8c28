"""The footprint of erasure requests: the landed rows to delete so that what was asked to forget never happened.

From design.md, section 6, and the decisions 0009 and 0010. What they leave open, and is decided here:

- A category is covered by a request if the request's category is found by going up its parents, as the tree stands at
  the run, even if the request's category has no row of its own.
- The interest window is counted from the purchase in whole days of 24 hours, its two ends included.
- "Unless they name another purchase that stays": a purchase whose header has arrived and that nobody touched. An event
  that names a purchase which has not arrived names none that stays.
- A request on a purchase or a line takes along what names the purchase also while it is pending.
- Of a category or person request on somebody unknown nothing is found, so whether it is pending changes nothing.
- Of a person that comes back, each customer record counts by itself: it goes if it was written (`updated_at`, else
  `created_at`) up to the request, or does not say when. In one that stays, a `created_at` up to the request would say
  that there was somebody before: it becomes that record's `updated_at`. An empty one stays empty.
- A key is deleted with all its versions if the row that counts belongs to the footprint; older versions of a row that
  stays never counted, and stay as they are.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bigtrust.oracle.reading import KEYS, Landing, Position, Row, Values, read, read_text, staged

_CONTACTS = {"web_events": "occurred_at", "support_tickets": "opened_at", "marketing_messages": "sent_at"}


@dataclass(frozen=True)
class Policy:
    """What a run is told: the moment (aware), the interest window in days, the zone of times without one."""

    now: datetime
    interest_window_days: int
    time_zone: str

    @property
    def zone(self) -> ZoneInfo:
        """The zone of times without one."""
        return ZoneInfo(self.time_zone)


@dataclass(frozen=True)
class ForgottenLine:
    """A line that was forgotten, as far as its footprint depends on it; `purchased_at` is aware."""

    purchase_id: str
    line_number: str
    customer_id: str | None
    category_id: str | None
    purchased_at: datetime


@dataclass(frozen=True)
class Footprint:
    """What to do by hand in the landing files; the requests are deleted altogether.

    `deleted`: per landing table the rows to delete. `opened_anew`: customer records that stay, with the text that
    their `created_at` becomes. `remembered`: the forgotten lines to remember, for when the source system deletes them.
    """

    deleted: Mapping[str, frozenset[Position]]
    opened_anew: Mapping[Position, str] = field(default_factory=dict)
    remembered: frozenset[ForgottenLine] = frozenset()

    def without(self, landing: Landing) -> dict[str, dict[Position, Row]]:
        """The landing rows as if what was forgotten, and the request, had never been."""
        left: dict[str, dict[Position, Row]] = {
            table: {position: row for position, row in rows.items() if position not in self.deleted.get(table, ())}
            for table, rows in landing.items()
            if table != "erasure_requests"
        }
        for position, text in self.opened_anew.items():
            left["customers"][position] = {**left["customers"][position], "created_at": text}
        return left


def footprint(
    landing: Landing,
    register: Mapping[Position, Row],
    policy: Policy,
    remembered: Iterable[ForgottenLine] = (),
) -> Footprint:
    """Decide what the requests of landing and register take along.

    `landing` holds every landed row, bad and repeated ones too; `register` the fields of each request file;
    `remembered` what was forgotten before, and may have been deleted at the source since.
    """
    return _Run(landing, register, policy, remembered).footprint()


class Staging:
    """The rows that count in a landing folder, typed, by table."""

    def __init__(self, landing: Landing, policy: Policy) -> None:
        self._rows = {
            table: staged(table, rows, now=policy.now, zone=policy.zone)
            for table, rows in landing.items()
            if table in KEYS
        }

    def rows(self, table: str) -> list[Values]:
        """The rows of a landing table; none if it was not delivered."""
        return list(self._rows.get(table, {}).values())

    def by(self, table: str, column: str) -> dict[str, Values]:
        """The rows of a landing table by a column that identifies them."""
        return {row[column]: row for row in self.rows(table)}


class _Run:
    def __init__(
        self,
        landing: Landing,
        register: Mapping[Position, Row],
        policy: Policy,
        remembered: Iterable[ForgottenLine],
    ) -> None:
        self._landing = landing
        self._policy = policy
        self._staging = Staging(landing, policy)
        self._purchases = self._staging.by("purchases", "purchase_id")
        self._categories = {row["product_id"]: row.get("category_id") for row in self._staging.rows("products")}
        parents = self._staging.rows("product_categories")
        self._parents = {row["category_id"]: row.get("parent_category_id") for row in parents}
        landed = {(row["purchase_id"], row["line_number"]) for row in self._staging.rows("purchase_lines")}
        self._remembered = [
            line
            for line in remembered
            if line.purchase_id not in self._purchases or (line.purchase_id, line.line_number) not in landed
        ]
        self._requests = list(self._in_force(register))
        self._until = self._erased_persons()
        self._whole, self._named = self._erased_purchases()
        sales = [sale for row in self._staging.rows("purchase_lines") if (sale := self._sale(row)) is not None]
        self._erased = {sale for sale in [*sales, *self._remembered] if self._is_erased(sale)}
        self._touched = self._named | self._whole | {sale.purchase_id for sale in self._erased}

    def footprint(self) -> Footprint:
        erased_lines = {(sale.purchase_id, sale.line_number) for sale in self._erased} | {
            (request["purchase_id"], request["line_number"])
            for request in self._requests
            if request["scope"] == "purchase_line"
        }
        # lines of a purchase that has not arrived go by their number, too
        whole = self._whole | {request["purchase_id"] for request in self._requests if request["scope"] == "purchase"}

        def is_erased(row: Values) -> bool:
            return row["purchase_id"] in whole or (row["purchase_id"], row["line_number"]) in erased_lines

        lines = [row for row in self._staging.rows("purchase_lines") if is_erased(row)]
        keys: dict[str, set[tuple[str, ...]]] = {
            "purchases": {(purchase,) for purchase in whole},
            "purchase_lines": {(row["purchase_id"], row["line_number"]) for row in lines},
            "returns": {(row["return_id"],) for row in self._staging.rows("returns") if is_erased(row)},
        }
        for table in _CONTACTS:
            (key,) = KEYS[table]
            keys[table] = {(row[key],) for row in self._staging.rows(table) if self._is_erased_contact(table, row)}
        deleted = {table: self._positions(table, keys[table]) for table in keys}
        deleted["customers"], opened_anew = self._customers()
        deleted["consents"] = frozenset(
            position
            for position, row in self._landing.get("consents", {}).items()
            if (consent := self._read("consents", row)) and self._is_up_to(consent, consent["recorded_at"])
        )
        deleted_at_the_source = {sale for sale in self._remembered if self._may_be_asked_for(sale)}
        return Footprint(deleted, opened_anew, frozenset(self._erased | deleted_at_the_source))

    def _in_force(self, register: Mapping[Position, Row]) -> Iterator[Values]:
        """The requests that count: not withdrawn, not refused. What landing says of a request is the later word."""
        now, zone = self._policy.now, self._policy.zone
        registered = staged("register", register, now=now, zone=zone).values()
        requests = {
            tuple(request.get(column) for column in KEYS["erasure_requests"]): request
            for request in [*registered, *self._staging.rows("erasure_requests")]
        }
        for request in requests.values():
            is_withdrawn = request["withdrawn_at"] is not None and request["withdrawn_at"] <= now
            if not is_withdrawn and not self._is_refused(request):
                yield request

    def _is_refused(self, request: Values) -> bool:
        """A purchase of another customer than the request names; an anonymous sale has none to refuse it by."""
        if request["scope"] not in ("purchase", "purchase_line"):
            return False
        if (purchase := self._purchases.get(request["purchase_id"])) is not None:
            owners = {purchase.get("customer_id")}
        else:
            owners = {sale.customer_id for sale in self._remembered if sale.purchase_id == request["purchase_id"]}
        return request["customer_id"] is not None and bool(owners - {None, request["customer_id"]})

    def _erased_persons(self) -> dict[str, datetime]:
        """Until when everything of a person is forgotten."""
        until: dict[str, datetime] = {}
        for request in self._requests:
            if request["scope"] == "person":
                person, moment = request["customer_id"], request["requested_at"]
                until[person] = max(moment, until.get(person, moment))
        return until

    def _erased_purchases(self) -> tuple[set[str], set[str]]:
        """The purchases that are erased as a whole, and those that a request on a purchase or a line names."""
        named = {
            request["purchase_id"] for request in self._requests if request["scope"] in ("purchase", "purchase_line")
        }
        asked = {request["purchase_id"] for request in self._requests if request["scope"] == "purchase"}
        whole = {
            purchase
            for purchase, row in self._purchases.items()
            if purchase in asked or self._is_up_to(row, row["purchased_at"])
        }
        return whole, named

    def _is_up_to(self, row: Values, moment: datetime | None) -> bool:
        """Whether something of a person lies within what that person asked to forget altogether."""
        until = self._until.get(row.get("customer_id") or "")
        return until is not None and moment is not None and moment <= until

    def _sale(self, line: Values) -> ForgottenLine | None:
        """A landed line with what a request may ask for; none if its purchase has not arrived."""
        purchase = self._purchases.get(line["purchase_id"])
        if purchase is None:
            return None
        return ForgottenLine(
            line["purchase_id"],
            line["line_number"],
            purchase.get("customer_id"),
            self._categories.get(line["product_id"]),
            purchase["purchased_at"],
        )

    def _is_erased(self, sale: ForgottenLine) -> bool:
        until = self._until.get(sale.customer_id or "")
        return (until is not None and sale.purchased_at <= until) or any(
            self._is_within(sale.category_id, request["category_id"])
            if request["scope"] == "category"
            else request["scope"] != "person"
            for request in self._requests
            if self._is_about(request, sale)
        )

    def _may_be_asked_for(self, sale: ForgottenLine) -> bool:
        return any(self._is_about(request, sale) for request in self._requests)

    def _is_about(self, request: Values, sale: ForgottenLine) -> bool:
        """Whether a request names the line, its purchase or its customer."""
        if request["scope"] == "purchase":
            return bool(request["purchase_id"] == sale.purchase_id)
        if request["scope"] == "purchase_line":
            return (request["purchase_id"], request["line_number"]) == (sale.purchase_id, sale.line_number)
        return sale.customer_id is not None and bool(request["customer_id"] == sale.customer_id)

    def _is_within(self, category: str | None, ancestor: str) -> bool:
        """Whether a category is another one or lies beneath it; a circle of parents ends where it began."""
        seen: set[str] = set()
        while category is not None and category not in seen:
            if category == ancestor:
                return True
            seen.add(category)
            category = self._parents.get(category)
        return False

    def _is_erased_contact(self, table: str, row: Values) -> bool:
        moment, purchase = row[_CONTACTS[table]], row.get("purchase_id")
        if purchase in self._touched or self._is_up_to(row, moment):
            return True
        names_one_that_stays = purchase in self._purchases
        return table != "support_tickets" and not names_one_that_stays and self._reveals_interest(row, moment)

    def _reveals_interest(self, row: Values, moment: datetime) -> bool:
        shown = {row.get("category_id"), self._categories.get(row.get("product_id"))} - {None}
        window = timedelta(days=self._policy.interest_window_days)
        return any(
            sale.customer_id is not None
            and sale.customer_id == row.get("customer_id")
            and sale.category_id in shown
            and abs(moment - sale.purchased_at) <= window
            for sale in self._erased
        )

    def _customers(self) -> tuple[frozenset[Position], dict[Position, str]]:
        deleted: set[Position] = set()
        opened_anew: dict[Position, str] = {}
        for position, row in self._landing.get("customers", {}).items():
            record = self._read("customers", row)
            until = self._until.get(record["customer_id"]) if record else None
            if record is None or until is None:
                continue
            written = record["updated_at"] or record["created_at"]
            if written is None or written <= until:
                deleted.add(position)
            elif record["created_at"] is not None and record["created_at"] <= until:
                opened_anew[position] = row["updated_at"] or ""
        return frozenset(deleted), opened_anew

    def _read(self, table: str, row: Row) -> Values | None:
        return read(table, row, now=self._policy.now, zone=self._policy.zone)

    def _positions(self, table: str, keys: set[tuple[str, ...]]) -> frozenset[Position]:
        """Where the versions of keys are, bad ones too."""
        return frozenset(
            position
            for position, row in self._landing.get(table, {}).items()
            if tuple(read_text(row.get(column)) for column in KEYS[table]) in keys
        )
