"""Drawn histories: what a few customers of one retailer did, how it was delivered, and what they asked to forget.

A history is plain data: a tuple of landed rows, each with the runs between which it is there. Identifiers begin with
`#`, which becomes the history's own name, so that many histories share one build without meeting.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

ZONE = ZoneInfo("Europe/Paris")
REGISTER = "register"
EVENTS = ("purchases", "purchase_lines", "returns", "web_events", "support_tickets", "marketing_messages")
FILES = 3  # files of a table in a run
WINDOW = 90  # days: interest_window_days of seeds/policy/settings.csv


@dataclass(frozen=True)
class Calendar:
    """The days of a sequence of runs, and the policy while they go on: k, and two windows in months.

    With a longer window than its purchase a return must go with it; with a shorter one it goes before. Marketing may
    see a person for longer or shorter than analytics.
    """

    k: int
    returns_months: int
    marketing_months: int
    days: tuple[date, ...]
    only_adds: bool = (
        False  # no file of an event is ever replaced or removed, and no category moves: only changes are read
    )


# Windows of 25, 36 and 60 months end on these days: month ends, leap days, the change of the clocks, two runs in a day.
# All of them are past, so that the histories do not depend on the day of the test.
CALENDARS = (
    Calendar(1, 30, 40, (date(2025, 2, 27), date(2025, 2, 28), date(2025, 3, 1)), only_adds=True),
    Calendar(2, 48, 36, (date(2023, 2, 27), date(2023, 2, 28), date(2023, 3, 1)), only_adds=True),
    Calendar(1, 40, 30, (date(2022, 3, 28), date(2022, 3, 29), date(2022, 3, 30))),
    Calendar(2, 24, 36, (date(2025, 10, 26), date(2025, 10, 26))),
    Calendar(1, 48, 25, (date(2025, 7, 1),)),
    Calendar(2, 36, 48, (date(2025, 1, 31), date(2025, 2, 28), date(2025, 3, 31), date(2025, 4, 30)), only_adds=True),
)
LEAP_DAY = date(2020, 2, 29)
SOON = "soon"  # stands for a moment a few hours after the test


@dataclass(frozen=True)
class Landed:
    """A row of a landing table or of the register. It is there from run `first` to run `last` (None: to the end).

    `file` is the number of its file within the table: of two rows with the same key, the one in the later file wins.
    """

    table: str
    values: Mapping[str, str | None]
    first: int = 0
    last: int | None = None
    file: int = 0

    def is_there(self, run: int) -> bool:
        """Whether the row is there in a run, counted from 0."""
        return self.first <= run and (self.last is None or run <= self.last)


@dataclass(frozen=True)
class History:
    """The rows of one history, for the runs of one calendar."""

    calendar: int
    rows: tuple[Landed, ...]


def draw(count: int, *, start: int = 0) -> list[History]:
    """Draw so many different histories with hypothesis: the same `start`, the same histories."""
    shares = [count * number // len(CALENDARS) for number in range(len(CALENDARS) + 1)]
    return [
        history
        for number, (low, high) in enumerate(pairwise(shares))
        for history in _of_calendar(number, high - low, start)
    ]


def _of_calendar(number: int, count: int, start: int) -> list[History]:
    drawn: dict[str, History] = {}
    rounds = 0
    while len(drawn) < count:  # the first ones of a round are always the same
        _collect(drawn, number, max(count - len(drawn), 50), start + 1_000_000 * rounds)
        rounds += 1
    return list(drawn.values())[-count:]


def _collect(drawn: dict[str, History], number: int, count: int, start: int) -> None:
    @seed(start)
    @settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(histories(number))
    def collect(history: History) -> None:
        drawn[repr(history)] = history

    collect()


def name(number: int) -> str:
    """The name of a history within a batch; each of its identifiers begins with it."""
    return f"h{number:05}"


def _only_added(row: Landed) -> Landed:
    """The row as it is if no file is ever replaced or removed: later rows are in later files."""
    if row.table == "product_categories":
        return replace(row, first=0, last=None)
    if row.table in EVENTS:
        return replace(row, last=None, file=FILES * row.first + row.file)
    return row


def landed(batch: Sequence[History], run: int) -> list[tuple[Landed, dict[str, str | None]]]:
    """The rows that are there in a run, counted from 0, with the values that each history's name gives them."""
    return [
        (row, {column: _named(column, text, number) for column, text in row.values.items()})
        for number, history in enumerate(batch)
        for row in history.rows
        if row.is_there(run)
    ]


def _named(column: str, text: str | None, number: int) -> str | None:
    if text is not None and column == "postal_code":
        return text.replace("#", f"{1 + number % 95:02}")  # a department of its own, as far as there are enough
    if text == SOON:
        return (datetime.now(UTC) + timedelta(hours=12)).isoformat(timespec="seconds")
    return text if text is None else text.replace("#", name(number))


def months_before(day: date, months: int) -> date:
    """The same day so many months ago; the last of the month if there is none."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _days(plan: Calendar) -> list[date]:
    """Days on which things happen: recent ones, and those around the ends of the windows of each run."""
    first = plan.days[0]
    recent = [first - timedelta(days) for days in (20, 60, 21, 150, 300, 3)]
    edges = [
        months_before(day, months) + timedelta(around)
        for day in plan.days
        for months in (36, 36, 25, plan.returns_months, plan.marketing_months)
        for around in (-1, 0, 1, 2)
    ]
    leap = [LEAP_DAY, LEAP_DAY + timedelta(1)]
    starts_of_months = [months_before(first.replace(day=1), months) for months in (60, 59)]
    return recent * 4 + sorted([*edges, *leap, *starts_of_months])


_TIMES = (time(10), time(10), time(22, 30), time(0), time(23, 59, 59), time(23, 0), time(22, 59, 59))  # in UTC
_AROUND_PURCHASE = (
    timedelta(hours=1),
    -timedelta(days=5),
    timedelta(days=30),
    timedelta(days=WINDOW),
    -timedelta(days=WINDOW),
    timedelta(days=WINDOW, seconds=1),
    -timedelta(days=WINDOW, seconds=1),
    timedelta(days=60),
    timedelta(0),
)
_AROUND_REQUEST = (timedelta(days=10), timedelta(0), timedelta(seconds=1), -timedelta(seconds=1), timedelta(days=-5))


@st.composite
def histories(draw: st.DrawFn, calendar: int) -> History:
    """Histories of one to three customers, for the runs of a calendar."""
    return _Draft(draw, calendar).history()


class _Draft:
    """Draws one history, table by table; what comes later refers to what was drawn before."""

    def __init__(self, draw: st.DrawFn, calendar: int) -> None:
        self._draw = draw
        self._calendar = calendar
        self._plan = CALENDARS[self._calendar]
        self._last_run = len(self._plan.days) - 1
        self._days = _days(self._plan)
        self._rows: list[Landed] = []
        self._sales: list[tuple[str, str | None, datetime, int]] = []  # purchase, customer, moment, lines
        self._moments: list[datetime] = []  # of whatever happened, to ask for forgetting around them

    def history(self) -> History:
        self._customers = [f"#c{number}" for number in range(self._number(1, 3))]
        self._catalogue()
        for number in range(self._number(1, 4)):
            self._purchase(number)
        for number in range(self._number(0, 2)):
            self._return(number)
        for number in range(self._number(0, 6)):
            self._contact(number)
        for number in range(self._one_of(1, 1, 2, 2, 3, 0)):
            self._request(number)
        for customer in self._customers:
            self._customer(customer)
        for customer in (*self._customers, "#c9"):
            self._consents(customer)
        return History(self._calendar, tuple(_only_added(row) if self._plan.only_adds else row for row in self._rows))

    def _catalogue(self) -> None:
        self._categories = ["#k0", "#k1", "#k2"]
        parents = {"#k0": None, "#k1": "#k0", "#k2": self._one_of("#k1", "#k0", None)}
        for category, parent in parents.items():
            if category == "#k0" and self._rarely():
                continue  # a parent that has no row of its own
            self._land(
                "product_categories",
                {
                    "category_id": category,
                    "name": f"name of {category}",
                    "parent_category_id": parent,
                    "replacement_cycle_months": self._one_of(None, "1", "18", "40", "150"),
                },
                {"replacement_cycle_months": self._one_of(None, "3", "36")}
                if self._often()
                else {"parent_category_id": self._one_of(None, "#k0", "#k2"), "name": f"new name of {category}"},
            )
        self._products = ["#a0", "#a1", "#a2"]
        for product in self._products:
            self._land(
                "products",
                {"product_id": product, "category_id": self._one_of("#k1", "#k2", "#k0", None), "list_price": "9.90"},
                {"category_id": self._one_of("#k0", "#k1", "#k2")},
            )

    def _purchase(self, number: int) -> None:
        purchase, moment = f"#t{number}", self._moment()
        customer = self._one_of("#c0", "#c0", "#c0", *self._customers, None)
        others = [other for other in (*self._customers, None) if other != customer]
        change = self._one_of({"customer_id": self._one_of(*others)}, {"purchased_at": self._text(self._moment())})
        lines = self._one_of(1, 2, 1, 3)
        self._sales.append((purchase, customer, moment, lines))
        self._land(
            "purchases",
            {
                "purchase_id": purchase,
                "customer_id": customer,
                "purchased_at": self._text(moment),
                "channel": self._one_of("store", "web"),
            },
            change,
        )
        for line in range(1, lines + 1):
            self._land(
                "purchase_lines",
                {
                    "purchase_id": purchase,
                    "line_number": str(line),
                    "product_id": self._one_of(*self._products, *self._products, *self._products, "#a9"),
                    "quantity": self._one_of("1", "2", "1,5"),
                    "unit_price": self._one_of("4.50", "10", "150", "900"),
                    "discount": self._one_of(None, "0.50"),
                },
                self._one_of({"quantity": "3"}, {"product_id": self._one_of(*self._products)}, {"quantity": "many"}),
            )

    def _return(self, number: int) -> None:
        purchase, _, moment, lines = self._one_of(*self._sales)
        self._land(
            "returns",
            {
                "return_id": f"#r{number}",
                "purchase_id": purchase,
                "line_number": str(self._number(1, lines)),
                "returned_at": self._text(moment + timedelta(days=self._one_of(3, 40))),
                "quantity": self._one_of("1", "0.5"),
                "reason": "defect",
            },
            {"line_number": str(self._number(1, lines))},
        )

    def _contact(self, number: int) -> None:
        purchase, customer, moment, _ = self._one_of(*self._sales)
        if self._often():
            moment += self._one_of(*_AROUND_PURCHASE)
        else:
            moment = self._moment()
        customer = self._one_of(customer, customer, *self._customers, None)
        named = self._one_of(None, None, purchase, self._one_of(*self._sales)[0], "#t9")
        table, key, happened = self._one_of(
            ("web_events", "event_id", "occurred_at"),
            ("marketing_messages", "message_id", "sent_at"),
            ("support_tickets", "ticket_id", "opened_at"),
        )
        self._moments.append(moment)
        row = {key: f"#{key[0]}{number}", "customer_id": customer, "purchase_id": named, happened: self._text(moment)}
        change: dict[str, str | None] = {"purchase_id": self._one_of(None, *(sale[0] for sale in self._sales))}
        if table != "support_tickets":
            row["category_id"] = self._one_of("#k1", "#k2", "#k0", None, "#k8")
            change |= {"category_id": self._one_of(None, *self._categories)}
        if table == "support_tickets":
            row |= {"closed_at": self._one_of(None, self._text(moment + timedelta(days=2)))}
            row |= {"satisfaction": self._one_of(None, "1", "5", "9")}
        if table == "marketing_messages":
            opened = self._one_of(None, None, self._text(moment + timedelta(hours=1)))
            row |= {"campaign_id": self._one_of("#m0", "summer", "summer", None), "opened_at": opened}
            row |= {"channel": self._one_of("email", "email", "app", "fax", None)}
            row |= {"clicked_at": self._one_of(None, None, opened)}
        if table == "web_events":
            row |= {"event_type": "page_view", "product_id": self._one_of(None, *self._products)}
        self._land(table, row, self._one_of(change, {happened: "yesterday"}))

    def _request(self, number: int) -> None:
        purchase, customer, moment, lines = self._one_of(*self._sales)
        scope = self._one_of("purchase", "person", "category", "purchase_line")
        owner = self._one_of(customer, customer, customer, *self._customers)
        asked = self._one_of(moment, *self._moments) + self._one_of(*_AROUND_REQUEST)
        table = self._one_of(REGISTER, "erasure_requests")
        request: dict[str, str | None] = {
            "request_id": f"#q{number}",
            "scope": scope,
            "requested_at": self._text(asked, style="UTC" if table == REGISTER else None),
            "channel": "web",
        }
        if scope in ("purchase", "purchase_line"):
            request |= {"customer_id": self._one_of(owner, None), "purchase_id": purchase}
            if self._rarely():
                request["purchase_id"] = "#t9"
        else:
            request["customer_id"] = owner or "#c0"
        if scope == "purchase_line":
            request["line_number"] = str(self._one_of(1, lines, 9))
        if scope == "category":
            request["category_id"] = self._one_of("#k0", "#k1", "#k2")
        end = self._text(max(asked, self._moment()), style="UTC" if table == REGISTER else None)
        withdrawn = {"withdrawn_at": self._one_of(end, end, SOON)}
        first = self._one_of(0, 0, 0, *range(self._last_run + 1))
        state = self._one_of("stands", "stands", "stands", "withdrawn", "withdrawn later")
        last = None
        if state == "withdrawn":
            request |= withdrawn
        elif state == "withdrawn later" and first < self._last_run:
            last = self._number(first, self._last_run - 1)
        self._rows.append(Landed(table, request, first, last))
        if last is not None:
            self._rows.append(Landed(table, {**request, **withdrawn}, last + 1))
        elif table == "erasure_requests" and self._rarely() and first < self._last_run:
            self._rows[-1] = Landed(table, request, first, first)  # an older delivery takes no request back
        if scope == "person":
            self._moments += [asked] * 4

    def _customer(self, customer: str) -> None:
        for _ in range(self._one_of(1, 2, 1, 3, 0)):
            created = self._one_of(None, self._moment(), self._moment())
            updated = self._one_of(*self._moments, *self._moments) + self._one_of(*_AROUND_REQUEST)
            self._land(
                "customers",
                {
                    "customer_id": customer,
                    "last_name": f"name of {customer}",
                    "birth_date": self._one_of("1980-05-17", "1991-01-01", "2007-03-01", None),
                    "postal_code": self._one_of("#000", "#000", None),
                    "country": self._one_of("FR", "FR", None),
                    "language": self._one_of("fr", "en"),
                    "created_at": self._text(created),
                    "updated_at": self._text(self._one_of(updated, updated, updated, None)),
                },
                self._one_of({"birth_date": "1 May"}, {"country": "BE"}),
            )

    def _consents(self, customer: str) -> None:
        """What somebody said, known or not: now yes, now no, twice in a moment, to marketing and to other purposes."""
        moment = None
        for _ in range(self._one_of(1, 2, 3, 1, 4, 0)):
            if moment is None or self._often():
                moment = self._one_of(*self._moments) + self._one_of(*_AROUND_REQUEST)
            granted = self._one_of("true", "oui", "1", "false", "non")
            self._land(
                "consents",
                {
                    "customer_id": customer,
                    "purpose": self._one_of("marketing", "marketing", "marketing", "Marketing", "profiling"),
                    "granted": granted,
                    "recorded_at": self._text(moment),
                    "channel": self._one_of("web", "web", "store", None),
                },
                self._one_of({"granted": "no" if granted in ("true", "oui", "1") else "yes"}, {"channel": "till"}),
            )

    def _land(self, table: str, row: dict[str, str | None], change: Mapping[str, str | None]) -> None:
        """Deliver a row: at once, or late, or for a while only; and sometimes once more, changed."""
        fate = self._one_of(*["at once"] * 14, "late", "late", "removed", "replaced", "again", "again, changed")
        later = self._number(1, self._last_run) if self._last_run else 0
        changed = {**row, **change}
        if fate == "late":
            self._rows.append(Landed(table, row, later))
        elif fate == "removed" and later:
            self._rows.append(Landed(table, row, 0, later - 1, self._number(0, 2)))
        elif fate == "replaced" and later:
            file = self._number(0, 2)
            self._rows += [Landed(table, row, 0, later - 1, file), Landed(table, changed, later, None, file)]
        elif fate == "again":
            self._rows += [Landed(table, row), Landed(table, row, later, None, self._number(0, 2))]
        elif fate == "again, changed":
            self._rows += [
                Landed(table, row, 0, None, self._number(0, 2)),
                Landed(table, changed, later, None, self._number(0, 2)),
            ]
        else:
            self._rows.append(Landed(table, row))

    def _moment(self) -> datetime:
        moment = datetime.combine(self._one_of(*self._days), self._one_of(*_TIMES), UTC)
        self._moments.append(moment)
        return moment

    def _text(self, moment: datetime | None, style: str | None = None) -> str | None:
        """A moment as systems write it: in the zone of the shop without saying so, or with an offset."""
        if moment is None:
            return None
        style = style or self._one_of("local", "offset", "UTC")
        local = moment.astimezone(ZONE)
        if style == "local" and local.replace(fold=0).utcoffset() == local.replace(fold=1).utcoffset():
            return f"{local:%Y-%m-%d %H:%M:%S}"
        return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if style == "UTC" else local.isoformat(sep=" ")

    def _number(self, smallest: int, largest: int) -> int:
        return self._draw(st.integers(smallest, largest))

    def _one_of(self, *values):  # type: ignore[no-untyped-def]
        return self._draw(st.sampled_from(values))

    def _often(self) -> bool:
        return bool(self._one_of(True, True, True, False))

    def _rarely(self) -> bool:
        return bool(self._one_of(False, False, False, True))
