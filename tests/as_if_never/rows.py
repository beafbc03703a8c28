"""Landed rows for histories that are written by hand, each with the columns that a promise is about."""

from __future__ import annotations

from collections.abc import Sequence

from as_if_never.histories import REGISTER, Landed

ONE_DAY = 4  # the calendar with a single run, on 1 July 2025
THREE_DELIVERIES = 0  # three runs from 27 February 2025 on, to which files are only added


def sale(
    number: int, customer: str | None, moment: str, products: Sequence[str] = ("#a0",), *, last: int | None = None
) -> tuple[Landed, ...]:
    """A purchase with a line of each product, until the source system deletes it after run `last`."""
    purchase = f"#t{number}"
    header = {"purchase_id": purchase, "customer_id": customer, "purchased_at": moment, "channel": "store"}
    lines = [
        {"purchase_id": purchase, "line_number": str(line), "product_id": product, "quantity": "1", "unit_price": "5"}
        for line, product in enumerate(products, 1)
    ]
    return (Landed("purchases", header, 0, last), *(Landed("purchase_lines", line, 0, last) for line in lines))


def request(scope: str, *, number: int = 0, moment: str = "2025-06-10T00:00:00+00:00", **names: str) -> Landed:
    """A request in the register."""
    fields = {"request_id": f"#q{number}", "scope": scope, "requested_at": moment, "channel": "web"}
    return Landed(REGISTER, {**fields, **names})


def visit(number: int, customer: str, moment: str, *, first: int = 0, **names: str) -> Landed:
    """A web event that arrives with run `first`."""
    event = {"event_id": f"#e{number}", "customer_id": customer, "event_type": "page_view", "occurred_at": moment}
    return Landed("web_events", {**event, **names}, first)


def customer(created: str | None, updated: str | None, *, born: str = "1980-05-17") -> Landed:
    """A record of c0."""
    record = {"customer_id": "#c0", "postal_code": "#000", "country": "FR", "birth_date": born}
    return Landed("customers", {**record, "created_at": created, "updated_at": updated})


def consent(
    granted: str, moment: str, purpose: str = "marketing", *, first: int = 0, last: int | None = None
) -> Landed:
    """A word of c0, as landing says it from run `first` to run `last`."""
    names = {"customer_id": "#c0", "purpose": purpose, "channel": "web"}
    return Landed("consents", {**names, "granted": granted, "recorded_at": moment}, first, last)


def catalogue(*numbers: int) -> tuple[Landed, ...]:
    """Categories k<number>, each with its product a<number>."""
    return tuple(
        row
        for number in numbers
        for row in (
            Landed("product_categories", {"category_id": f"#k{number}", "name": f"category {number}"}),
            Landed("products", {"product_id": f"#a{number}", "category_id": f"#k{number}"}),
        )
    )
