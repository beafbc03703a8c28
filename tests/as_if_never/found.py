"""Histories in which the models were once found to be wrong, as small as they come."""

from __future__ import annotations

from as_if_never.histories import History, Landed
from as_if_never.rows import ONE_DAY, THREE_DELIVERIES, consent, customer, request, sale, visit

THREE_DAYS = 2  # three runs from 28 March 2022 on, and the source system may delete
_PRODUCT = Landed("products", {"product_id": "#a0", "category_id": "#k1"})
_CATEGORY = Landed("product_categories", {"category_id": "#k1", "name": "a category"})
_PERSON = Landed(
    "erasure_requests",
    {"request_id": "#q0", "scope": "person", "customer_id": "#c0", "requested_at": "2025-05-01 00:00:00"},
)


def _history(*rows: Landed) -> History:
    """One purchase of one customer, and `rows`."""
    return History(ONE_DAY, (_PRODUCT, *sale(0, "#c0", "2025-06-01 10:00:00"), *rows))


def _taken_over(moment: str) -> Landed:
    """The header of t0 in a later file of the second run: it is another customer's."""
    return Landed("purchases", {"purchase_id": "#t0", "customer_id": "#c1", "purchased_at": moment}, 1, None, 1)


FOUND = {
    # Somebody came back, and the systems do not say when accounts were opened. Nobody else then has a
    # customer_since_month; whoever has one has forgotten something.
    "an empty created_at stays empty after a request": _history(customer(None, "2025-06-01 09:00:00"), _PERSON),
    # The record after the request stays, by hand; the models chose the dated one first, and dropped the person.
    "a later record without updated_at is a later record": _history(
        customer("2020-01-01", "2025-01-01"), customer("2025-06-01 09:00:00", None), _PERSON
    ),
    # k1 says that k0 is its parent; nothing else names k0.
    "a request on a category covers its children although it has no row": _history(
        customer("2025-01-01", "2025-01-01"),
        Landed("product_categories", {"category_id": "#k1", "parent_category_id": "#k0"}),
        request("category", moment="2025-06-02T00:00:00+00:00", customer_id="#c0", category_id="#k0"),
    ),
    # For a run nobody knew whom the request was about, and the register forgot what had been forgotten.
    "a late visit stays hidden after the source system has deleted purchase and customer": History(
        THREE_DAYS,
        (
            _CATEGORY,
            _PRODUCT,
            *sale(0, "#c0", "2022-03-01 10:00:00", last=0),
            request("category", moment="2022-03-02T00:00:00+00:00", customer_id="#c0", category_id="#k1"),
            visit(0, "#c0", "2022-03-10 10:00:00", first=2, category_id="#k1"),
            visit(1, "#c1", "2022-03-10 10:00:00", first=2, category_id="#k1", purchase_id="#t0"),
        ),
    ),
    # The tree was delivered without a parent for one run, in which nobody knew what the request was about.
    "a broken tree makes nobody forget what was forgotten": History(
        THREE_DAYS,
        (
            _PRODUCT,
            *sale(0, "#c0", "2022-03-01 10:00:00", last=0),
            Landed("product_categories", {"category_id": "#k1", "parent_category_id": "#k0"}, 0, 0),
            Landed("product_categories", {"category_id": "#k1", "parent_category_id": "#k0"}, 2),
            request("category", moment="2022-03-02T00:00:00+00:00", customer_id="#c0", category_id="#k0"),
            visit(0, "#c0", "2022-03-10 10:00:00", first=2, category_id="#k1"),
        ),
    ),
    # A run that reads only the changes knows a person's words by a digest of them.
    "a word on marketing that is corrected is heard by the next run": History(
        THREE_DELIVERIES,
        (
            _CATEGORY,
            _PRODUCT,
            *sale(0, "#c0", "2025-02-01 10:00:00"),
            customer("2025-01-01", "2025-01-01"),
            consent("yes", "2025-02-02", last=0),
            consent("no", "2025-02-02", first=1),
        ),
    ),
    # Whose purchase it was when it was forgotten counted as deleted by the source system, for ever.
    "a purchase that turns out to be somebody else's is theirs, with what names it": History(
        THREE_DELIVERIES,
        (
            _CATEGORY,
            _PRODUCT,
            *sale(0, "#c0", "2025-02-01 10:00:00"),
            request("category", moment="2025-02-02T00:00:00+00:00", customer_id="#c0", category_id="#k1"),
            _taken_over("2025-02-01 10:00:00"),
            visit(0, "#c0", "2025-02-10 10:00:00", first=1, category_id="#k1"),
            visit(1, "#c1", "2025-02-10 10:00:00", first=1, category_id="#k1", purchase_id="#t0"),
        ),
    ),
    "visits of whom a forgotten purchase is not are shown": History(
        THREE_DELIVERIES,
        (
            _CATEGORY,
            _PRODUCT,
            *sale(0, "#c0", "2025-02-01 10:00:00"),
            request("purchase", moment="2025-02-02T00:00:00+00:00", purchase_id="#t0"),
            _taken_over("2025-02-01 10:00:00"),
            visit(0, "#c0", "2025-02-10 10:00:00", first=2, category_id="#k1"),
        ),
    ),
}
