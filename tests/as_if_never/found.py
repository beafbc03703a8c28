"""Histories in which the models were once found to be wrong, as small as they come."""

from __future__ import annotations

from as_if_never.histories import REGISTER, History, Landed

ONE_DAY = 4  # the calendar with a single run, on 1 July 2025
THREE_DAYS = 2  # three runs from 28 March 2022 on, and the source system may delete
THREE_DELIVERIES = 0  # three runs from 27 February 2025 on, to which files are only added


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


def _sold(moment: str, last: int | None = None) -> tuple[Landed, ...]:
    """A line of category k1 in a purchase of c0, until the source system deletes it after run `last`."""
    return (
        Landed("product_categories", {"category_id": "#k1", "name": "a category"}),
        Landed("products", {"product_id": "#a0", "category_id": "#k1"}),
        Landed("purchases", {"purchase_id": "#t0", "customer_id": "#c0", "purchased_at": moment}, 0, last),
        Landed(
            "purchase_lines",
            {
                "purchase_id": "#t0",
                "line_number": "1",
                "product_id": "#a0",
                "quantity": "1",
                "unit_price": "2",
            },
            0,
            last,
        ),
    )


def _request(scope: str, moment: str, **names: str) -> Landed:
    request = {"request_id": "#q0", "scope": scope, "requested_at": f"{moment}T00:00:00+00:00", "channel": "web"}
    return Landed(REGISTER, {**request, **names})


def _visit(number: int, customer: str, moment: str, purchase: str | None, first: int) -> Landed:
    """A visit to k1."""
    names = {"event_id": f"#e{number}", "customer_id": customer, "category_id": "#k1", "purchase_id": purchase}
    return Landed("web_events", {**names, "event_type": "page_view", "occurred_at": moment}, first)


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
    # For a run nobody knew whom the request was about, and the register forgot what had been forgotten.
    "a late visit stays hidden after the source system has deleted purchase and customer": History(
        THREE_DAYS,
        (
            *_sold("2022-03-01 10:00:00", last=0),
            _request("category", "2022-03-02", customer_id="#c0", category_id="#k1"),
            _visit(0, "#c0", "2022-03-10 10:00:00", None, 2),
            _visit(1, "#c1", "2022-03-10 10:00:00", "#t0", 2),
        ),
    ),
    # The tree was delivered without a parent for one run, in which nobody knew what the request was about.
    "a broken tree makes nobody forget what was forgotten": History(
        THREE_DAYS,
        (
            *_sold("2022-03-01 10:00:00", last=0)[1:],
            Landed("product_categories", {"category_id": "#k1", "parent_category_id": "#k0"}, 0, 0),
            Landed("product_categories", {"category_id": "#k1", "parent_category_id": "#k0"}, 2),
            _request("category", "2022-03-02", customer_id="#c0", category_id="#k0"),
            _visit(0, "#c0", "2022-03-10 10:00:00", None, 2),
        ),
    ),
    # A run that reads only the changes knows a person's words by a digest of them.
    "a word on marketing that is corrected is heard by the next run": History(
        THREE_DELIVERIES,
        (
            *_sold("2025-02-01 10:00:00"),
            _customer("2025-01-01", "2025-01-01"),
            *(
                Landed(
                    "consents",
                    {
                        "customer_id": "#c0",
                        "purpose": "marketing",
                        "granted": granted,
                        "recorded_at": "2025-02-02",
                        "channel": "web",
                    },
                    first,
                    last,
                )
                for granted, first, last in (("yes", 0, 0), ("no", 1, None))
            ),
        ),
    ),
    # Whose purchase it was when it was forgotten counted as deleted by the source system, for ever.
    "a purchase that turns out to be somebody else's is theirs, with what names it": History(
        THREE_DELIVERIES,
        (
            *_sold("2025-02-01 10:00:00"),
            _request("category", "2025-02-02", customer_id="#c0", category_id="#k1"),
            Landed(
                "purchases",
                {"purchase_id": "#t0", "customer_id": "#c1", "purchased_at": "2025-02-01 10:00:00"},
                1,
                None,
                1,
            ),
            _visit(0, "#c0", "2025-02-10 10:00:00", None, 1),
            _visit(1, "#c1", "2025-02-10 10:00:00", "#t0", 1),
        ),
    ),
    "visits of whom a forgotten purchase is not are shown": History(
        THREE_DELIVERIES,
        (
            *_sold("2025-02-01 10:00:00"),
            _request("purchase", "2025-02-02", purchase_id="#t0"),
            Landed(
                "purchases",
                {"purchase_id": "#t0", "customer_id": "#c1", "purchased_at": "2025-02-01 10:00:00"},
                1,
                None,
                1,
            ),
            _visit(0, "#c0", "2025-02-10 10:00:00", None, 2),
        ),
    ),
}
