"""Histories in which the models were once found to be wrong, as small as they come."""

from __future__ import annotations

from as_if_never.histories import REGISTER, History, Landed

ONE_DAY = 4  # the calendar with a single run, on 1 July 2025


def _history(*rows: Landed) -> History:
    """One purchase of one customer, and `rows`."""
    return History(
        ONE_DAY,
        (
            Landed("products", {"product_id": "#a0", "category_id": "#k1"}),
            Landed("purchases", {"purchase_id": "#t0", "customer_id": "#c0", "purchased_at": "2025-06-01 10:00:00"}),
            Landed(
                "purchase_lines",
                {
                    "purchase_id": "#t0",
                    "line_number": "1",
                    "product_id": "#a0",
                    "quantity": "1",
                    "unit_price": "2",
                },
            ),
            *rows,
        ),
    )


def _customer(created_at: str | None, updated_at: str | None) -> Landed:
    return Landed(
        "customers",
        {
            "customer_id": "#c0",
            "postal_code": "#000",
            "country": "FR",
            "created_at": created_at,
            "updated_at": updated_at,
        },
    )


_PERSON = Landed(
    "erasure_requests",
    {"request_id": "#q0", "scope": "person", "customer_id": "#c0", "requested_at": "2025-05-01 00:00:00"},
)

FOUND = {
    # Somebody came back, and the systems do not say when accounts were opened. Nobody else then has a
    # customer_since_month; whoever has one has forgotten something.
    "an empty created_at stays empty after a request": _history(_customer(None, "2025-06-01 09:00:00"), _PERSON),
    # The record after the request stays, by hand; the models chose the dated one first, and dropped the person.
    "a later record without updated_at is a later record": _history(
        _customer("2020-01-01", "2025-01-01"), _customer("2025-06-01 09:00:00", None), _PERSON
    ),
    # k1 says that k0 is its parent; nothing else names k0.
    "a request on a category covers its children although it has no row": _history(
        _customer("2025-01-01", "2025-01-01"),
        Landed("product_categories", {"category_id": "#k1", "parent_category_id": "#k0"}),
        Landed(
            REGISTER,
            {
                "request_id": "#q0",
                "scope": "category",
                "customer_id": "#c0",
                "category_id": "#k0",
                "requested_at": "2025-06-02T00:00:00+00:00",
                "channel": "web",
            },
        ),
    ),
}
