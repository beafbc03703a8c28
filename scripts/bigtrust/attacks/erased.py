"""Inference of an erased purchase: whoever knows that somebody bought something, does a publication show it?

*The attacker has* one publication, and knows the person's pseudonym, the purchase's pseudonym, its day, its categories,
its store and its channel: all that there is to know. They look for its lines, returns and contacts, or for its total.

*Judged* by what is forgotten and what stays (`forgotten`). Needs its tables.
"""

from dataclasses import dataclass

import duckdb

from bigtrust import secret
from bigtrust.attacks import publications
from bigtrust.attacks.measures import Measure, counted, share

NAME = "An erased purchase, looked up"


@dataclass(frozen=True)
class LookedUp:
    """Forgotten purchases that a publication could still show, by their day, and those of which something shows."""

    purchases: int
    shown: int


@dataclass(frozen=True)
class Totals:
    """Forgotten purchases of the days of finance, those that a total counts, and those that are all of their total."""

    purchases: int
    counted: int
    alone: int


def looked_up(connection: duckdb.DuckDBPyConnection, publication: str) -> LookedUp:
    """Look up every forgotten purchase in a publication with pseudonyms."""
    # of these nothing stays, so nothing may bear their pseudonym, in whatever column
    gone = "purchase_id not in (select purchase_id from kept_lines)"
    shown = [
        f"select purchase_id from forgotten where {gone} and {domain}_purchase in (select {column} from {relation})"
        for relation, column in publications.columns(connection, publication, "UUID")
        for domain in secret.DOMAINS
    ]
    since = "date '0001-01-01'"
    if publication == "analytics":
        shown += _of_analytics(int(publications.facts(connection, "analytics")["interest_window_days"]))
        since = "(select min(purchased_on) from analytics.marts.purchases)"
    ((purchases, found),) = connection.execute(
        f"""
        with shown as ({" union ".join(shown)})
        select
            count(distinct forgotten.purchase_id),
            count(distinct forgotten.purchase_id) filter (where shown.purchase_id is not null)
        from forgotten
        left join shown on forgotten.purchase_id = shown.purchase_id
        where forgotten.purchased_on >= {since} or shown.purchase_id is not null
        """
    ).fetchall()
    return LookedUp(purchases, found)


def _of_analytics(interest_days: int) -> list[str]:
    """SQL: forgotten purchases of which analytics shows more than what stays explains."""
    found = [
        _more_than_kept("marts.purchase_lines", "kept_lines", {"purchase_pseudonym": "analytics_purchase"}),
        _more_than_kept(
            "marts.purchase_lines",
            "kept_lines",
            {"person_pseudonym": "person_pseudonym", "purchased_on": "purchased_on"},
        ),
        _more_than_kept("marts.returns", "kept_returns", {"purchase_pseudonym": "analytics_purchase"}),
    ]
    # the first and the last day of the interest window may be in it or not, by the time of day
    contacts = f"""
        select forgotten.purchase_id
        from forgotten
        inner join (
            select shown.person_pseudonym, shown.category_id, shown.occurred_on
            from (
                select person_pseudonym, category_id, occurred_on, count(*) as contacts
                from analytics.marts.touchpoints
                where person_pseudonym in (select person_pseudonym from forgotten) and category_id is not null
                group by all
            ) as shown
            left join (select *, count(*) as contacts from kept_contacts group by all) as kept
                using (person_pseudonym, category_id, occurred_on)
            where shown.contacts > coalesce(kept.contacts, 0)
        ) as revealing
            on forgotten.person_pseudonym = revealing.person_pseudonym
            and forgotten.category_id = revealing.category_id
            and abs(forgotten.purchased_on - revealing.occurred_on) < {interest_days} - 1
    """
    return [*found, contacts]


def _more_than_kept(relation: str, kept: str, found_by: dict[str, str]) -> str:
    """SQL: forgotten purchases whose category shows more rows, under what they are found by, than stay."""
    names = ", ".join([*found_by, "category_id"])
    key, column = next(iter(found_by.items()))
    same = " and ".join(f"shown.{name} = forgotten.{other}" for name, other in found_by.items())
    same_kept = " and ".join(f"shown.{name} = kept.{name}" for name in found_by)
    return f"""
        select forgotten.purchase_id
        from forgotten
        inner join (
            select {names}, count(*) as rows_shown
            from analytics.{relation}
            where {key} in (select {column} from forgotten)
            group by all
        ) as shown
            on {same} and shown.category_id is not distinct from forgotten.category_id
        left join (select {names}, count(*) as rows_kept from {kept} group by all) as kept
            on {same_kept} and shown.category_id is not distinct from kept.category_id
        where shown.rows_shown > coalesce(kept.rows_kept, 0)
    """


def totals_of_finance(connection: duckdb.DuckDBPyConnection) -> Totals:
    """Look up every forgotten purchase in finance, by day, store and channel."""
    rows = connection.execute(
        """
        select
            count(distinct forgotten.purchase_id),
            count(distinct forgotten.purchase_id) filter (where totals.purchase_count is not null),
            count(distinct forgotten.purchase_id) filter (where totals.purchase_count = 1)
        from forgotten
        left join finance.marts.daily_totals as totals
            on forgotten.purchased_on = totals.sold_on
            and forgotten.store_id = totals.store_id
            and forgotten.channel = totals.channel
        where forgotten.is_landed and forgotten.purchased_on >= (select min(sold_on) from finance.marts.daily_totals)
        """
    ).fetchall()
    return Totals(*rows[0])


def measures(connection: duckdb.DuckDBPyConnection) -> dict[str, list[Measure]]:
    """Look up what is forgotten, in each publication that has something to look up in."""
    with_pseudonyms = {name: [said(looked_up(connection, name))] for name in secret.DOMAINS}
    return {**with_pseudonyms, "finance": [said_of_finance(totals_of_finance(connection))]}


def said(found: LookedUp) -> Measure:
    """Say what a publication with pseudonyms shows."""
    if not found.purchases:
        return Measure(NAME, "not applicable", "Every forgotten purchase is older than what the file holds.")
    if found.shown:
        meaning = (
            f"The file shows something of {counted(found.shown, 'forgotten purchase')}. Delete it, and find the "
            "model that does not read what is kept (models/vault/kept/)."
        )
    else:
        meaning = (
            "Who knows of a forgotten purchase, even with the pseudonyms of the person and of the purchase, finds "
            "none of its lines and returns in this file, and no contact about its categories."
        )
    return Measure(
        NAME, f"{share(found.shown, found.purchases)} of {counted(found.purchases, 'forgotten purchase')}", meaning
    )


def said_of_finance(found: Totals) -> Measure:
    """Say what finance shows of forgotten purchases, which it must count."""
    if not found.purchases:
        return Measure(NAME, "not applicable", "No forgotten purchase is of a day that the file holds.")
    return Measure(
        NAME,
        f"{share(found.counted, found.purchases)} of {counted(found.purchases, 'forgotten purchase')} are counted; "
        f"{share(found.alone, found.purchases)} are all of their total",
        "Accounts count forgotten purchases, because the law demands it. Who knows day, store and channel of one "
        f"finds its total; {found.alone:,} are all of it, so what was paid is read off. The file says neither who nor "
        "what, nor that anything was forgotten.",
    )
