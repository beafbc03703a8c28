"""Histories on the edge of a promise, which chance seldom draws: the same moment, the last day, somebody else."""

from __future__ import annotations

from as_if_never.histories import SOON, History, Landed
from as_if_never.rows import ONE_DAY, THREE_DELIVERIES, catalogue, consent, customer, request, sale, visit

SOLD = "2025-06-01 10:00:00"  # in the shop's time, which is two hours ahead
SOLD_UTC = "2025-06-01T08:00:00+00:00"


def _sale(number: int, customer: str | None, moment: str = SOLD) -> tuple[Landed, ...]:
    """A purchase with a line of category k1, and one of k2."""
    return sale(number, customer, moment, ("#a1", "#a2"))


def _return(number: int, purchase: str, line: str) -> Landed:
    names = {"return_id": f"#r{number}", "purchase_id": purchase, "line_number": line}
    return Landed("returns", {**names, "returned_at": "2025-06-05", "quantity": "1", "reason": "defect"})


def _ticket(number: int, customer: str, moment: str, purchase: str | None = None) -> Landed:
    names = {"ticket_id": f"#s{number}", "customer_id": customer, "purchase_id": purchase}
    return Landed("support_tickets", {**names, "topic": "warranty", "opened_at": moment})


def _message(number: int, customer: str, moment: str, **names: str) -> Landed:
    message = {"message_id": f"#m{number}", "customer_id": customer, "channel": "email", "sent_at": moment}
    return Landed("marketing_messages", {**message, **names})


def _edge(*rows: Landed | tuple[Landed, ...]) -> History:
    flat = [row for entry in rows for row in (entry if isinstance(entry, tuple) else (entry,))]
    return History(ONE_DAY, (*catalogue(1, 2), *flat))


EDGES = (
    # whose purchase is it?
    _edge(_sale(0, None), request("purchase", customer_id="#c0", purchase_id="#t0")),
    _edge(
        _sale(0, None),
        _sale(1, "#c0"),
        request("purchase_line", customer_id="#c0", purchase_id="#t0", line_number="1"),
    ),
    _edge(_sale(0, "#c1"), _sale(1, "#c0"), request("purchase", customer_id="#c0", purchase_id="#t0")),
    # withdrawn, or to be withdrawn some day
    _edge(
        _sale(0, "#c0"),
        _ticket(0, "#c0", "2025-06-05", "#t0"),
        request("purchase", purchase_id="#t0", withdrawn_at="2025-06-11T00:00:00+00:00"),
    ),
    _edge(
        _sale(0, "#c0"),
        customer("2025-01-01", "2025-01-01"),
        request("person", customer_id="#c0", withdrawn_at="2025-06-11T00:00:00+00:00"),
    ),
    _edge(_sale(0, "#c0"), request("purchase", purchase_id="#t0", withdrawn_at=SOON)),
    # landing has withdrawn what the register holds, and of another request it says nothing
    _edge(
        _sale(0, "#c0"),
        _sale(1, "#c0"),
        request("purchase", purchase_id="#t0"),
        request("purchase", number=1, purchase_id="#t1"),
        Landed(
            "erasure_requests",
            {
                "request_id": "#q0",
                "scope": "purchase",
                "purchase_id": "#t0",
                "requested_at": "2025-06-10T00:00:00+00:00",
                "withdrawn_at": "2025-06-11T00:00:00+00:00",
                "channel": "web",
            },
        ),
    ),
    # two requests of a person, the earlier of which leaves a purchase
    _edge(
        _sale(0, "#c0"),
        request("person", customer_id="#c0", moment="2025-05-01T00:00:00+00:00"),
        request("person", number=1, customer_id="#c0"),
    ),
    # the very moment of the request, and a second later
    _edge(
        _sale(0, "#c0"), _sale(1, "#c0", "2025-06-01 10:00:01"), request("person", customer_id="#c0", moment=SOLD_UTC)
    ),
    _edge(
        visit(0, "#c0", SOLD),
        visit(1, "#c0", "2025-06-01 10:00:01"),
        _ticket(0, "#c0", SOLD),
        _ticket(1, "#c0", "2025-06-01 10:00:01"),
        request("person", customer_id="#c0", moment=SOLD_UTC),
    ),
    _edge(customer("2025-01-01", SOLD), request("person", customer_id="#c0", moment=SOLD_UTC)),
    _edge(
        customer("2025-01-01", "2025-06-01 10:00:01"),
        _sale(0, "#c0", "2025-06-20"),
        request("person", customer_id="#c0", moment=SOLD_UTC),
    ),
    # what comes after the request stays, with what names it
    _edge(
        _sale(0, "#c0", "2025-06-20"),
        _ticket(0, "#c0", "2025-06-25", "#t0"),
        visit(0, "#c0", "2025-06-25", purchase_id="#t0"),
        request("person", customer_id="#c0"),
    ),
    # the two ends of the interest window of 90 days, and the seconds beyond
    _edge(
        _sale(0, "#c0", "2025-03-31 10:00:00"),
        _sale(1, "#c0", "2025-06-25"),
        *(
            visit(number, "#c0", moment, category_id="#k1")
            for number, moment in enumerate(
                (
                    "2024-12-31T08:00:00Z",
                    "2024-12-31T07:59:59Z",
                    "2025-06-29T08:00:00Z",
                    "2025-06-29T08:00:01Z",
                    "2025-05-25T08:00:00Z",
                )
            )
        ),
        request("purchase", purchase_id="#t0", moment="2025-06-30T00:00:00+00:00"),
    ),
    # what the visit is about, by itself and by its product; and one that names a purchase that stays
    _edge(
        _sale(0, "#c0"),
        _sale(1, "#c0"),
        visit(0, "#c0", "2025-06-05", category_id="#k2", product_id="#a1"),
        visit(1, "#c0", "2025-06-05", category_id="#k2", product_id="#a2"),
        visit(2, "#c0", "2025-06-05", category_id="#k1", purchase_id="#t1"),
        visit(3, "#c1", "2025-06-05", category_id="#k1"),
        request("purchase_line", purchase_id="#t0", line_number="1"),
    ),
    # one line of two: its return goes, the other's stays, and what names the purchase goes altogether
    _edge(
        _sale(0, "#c0"),
        _sale(1, "#c0"),
        _return(0, "#t0", "1"),
        _return(1, "#t0", "2"),
        _ticket(0, "#c0", "2025-06-05", "#t0"),
        _ticket(1, "#c0", "2025-06-05", "#t1"),
        visit(0, "#c0", "2025-06-05", purchase_id="#t0"),
        request("purchase_line", purchase_id="#t0", line_number="1"),
    ),
    # a request on a category covers the children of its children
    _edge(
        Landed("product_categories", {"category_id": "#k1", "name": "a child", "parent_category_id": "#k0"}),
        Landed("product_categories", {"category_id": "#k2", "name": "its child", "parent_category_id": "#k1"}),
        _sale(0, "#c0"),
        request("category", customer_id="#c0", category_id="#k0"),
    ),
    # messages on what was bought, on something else, to somebody else, and about a purchase that stays
    _edge(
        _sale(0, "#c0"),
        _sale(1, "#c0"),
        _message(0, "#c0", "2025-06-05", category_id="#k1"),
        _message(1, "#c0", "2025-06-05", category_id="#k2"),
        _message(2, "#c1", "2025-06-05", category_id="#k1"),
        _message(3, "#c0", "2025-06-05", category_id="#k1", purchase_id="#t1"),
        request("purchase_line", purchase_id="#t0", line_number="1"),
    ),
    # what somebody said about marketing: yes; no at last; both in a moment; no, and yes to something else
    *(
        _edge(_sale(0, "#c0"), customer("2025-01-01", "2025-01-01"), *words)
        for words in (
            (consent("yes", "2025-06-02"),),
            (consent("yes", "2025-06-02"), consent("no", "2025-06-03")),
            (consent("yes", "2025-06-02"), consent("no", "2025-06-02")),
            (consent("no", "2025-06-02"), consent("yes", "2025-06-02")),
            (consent("no", "2025-06-02"), consent("yes", "2025-06-03", "profiling")),
        )
    ),
    # who is eighteen today, and tomorrow
    _edge(customer("2025-01-01", "2025-01-01", born="2007-07-01"), consent("yes", "2025-06-02")),
    _edge(customer("2025-01-01", "2025-01-01", born="2007-07-02"), consent("yes", "2025-06-02")),
    # marketing sees a person for 25 months: one of whom the last day was yesterday, one of whom it is today
    _edge(customer("2023-06-01", "2023-06-01"), consent("yes", "2023-06-01")),
    _edge(customer("2023-06-02", "2023-06-02"), consent("yes", "2023-06-02")),
    # who comes back has said nothing yet
    _edge(
        _sale(0, "#c0", "2025-06-20"),
        customer("2025-01-01", "2025-06-20"),
        consent("yes", "2025-06-02"),
        request("person", customer_id="#c0"),
    ),
    # a purchase that has not arrived is named already
    _edge(
        _sale(1, "#c0"),
        _ticket(0, "#c0", "2025-06-05", "#t0"),
        visit(0, "#c0", "2025-06-05", purchase_id="#t0"),
        request("purchase", purchase_id="#t0"),
    ),
    # of whom nothing arrives on the day on which they come of age
    History(
        THREE_DELIVERIES,
        (customer("2025-01-01", "2025-01-01", born="2007-02-28"), consent("yes", "2025-02-02")),
    ),
    # of whom nothing arrives on the day on which the window ends
    History(THREE_DELIVERIES, (customer("2022-02-28", "2022-02-28"),)),
)
