"""Inference of an erased purchase: whoever knows that somebody bought something, can they tell that it was forgotten?

Three attackers, each with more than the one before:

1. **looks it up.** *Has* one publication, and knows the person's pseudonym, the purchase's pseudonym, its day and its
   categories. Looks for its lines, returns and contacts. Finds nothing if forgetting works.
2. **compares two publications** (`compared`). What one counts and the other does not was forgotten.
3. **kept an old copy** of a publication of totals, and subtracts.

*Judged* by the register, which remembers which lines are forgotten, and by the landing files, which say what else the
person bought: a second washing machine of the same day is not the one that was forgotten. The attacker has neither.
"""

from dataclasses import dataclass

import duckdb

from bigtrust import keys, register, secret, sql
from bigtrust.attacks import opened
from bigtrust.attacks.measures import Measure, counted, share
from bigtrust.settings import PUBLICATIONS, Settings

_NOBODY_ASKED = Measure(
    "An erased purchase, looked up", "not applicable", "No purchase is forgotten today, so there is none to look for."
)


@dataclass(frozen=True)
class LookedUp:
    """Forgotten purchases that a publication could still show, by their day, and those of which something shows."""

    purchases: int
    shown: int


def prepare(connection: duckdb.DuckDBPyConnection, settings: Settings, value: bytes) -> int:
    """Write down what is forgotten and what stays, for the judge; returns the number of forgotten purchases.

    `value` is the pseudonymisation secret: it says what the pseudonym of a forgotten purchase was. Tables `forgotten`
    (a row per line), `kept_lines`, `kept_returns` and `kept_contacts` (of the same persons and purchases).
    """
    for domain in secret.DOMAINS:
        version = keys.published(settings, domain) or secret.FIRST_VERSION
        for name, pad in zip(("inner", "outer"), secret.pads(secret.domain_key(value, domain, version)), strict=True):
            connection.execute(f"set variable {domain}_{name}_pad = ?", [pad])
    zone = sql.text(opened.facts(connection, "analytics")["time_zone"])
    connection.execute(f"attach if not exists {sql.text(str(settings.vault))} as vault (read_only)")
    connection.execute(
        f"""
        create or replace temp table forgotten as
        select
            lines.purchase_id,
            lines.line_number,
            lines.customer_id,
            lines.category_id,
            cast(timezone({zone}, timezone('UTC', lines.purchased_at)) as date) as purchased_on,
            {_pseudonym("analytics", "person", "lines.customer_id")} as person_pseudonym,
            {", ".join(f"{_pseudonym(name, 'purchase', 'lines.purchase_id')} as {name}_purchase" for name in secret.DOMAINS)},
            purchases.purchase_id is not null as is_landed,
            coalesce(purchases.channel, 'unknown') as channel
        from ({register.forgotten_lines_sql(settings.register)}) as lines
        left join vault.staging.stg_purchases as purchases on lines.purchase_id = purchases.purchase_id
        """
    )
    connection.execute(
        f"""
        create or replace temp table kept_lines as
        select
            purchases.purchase_id,
            cast(lines.line_number as varchar) as line_number,
            purchases.purchased_on,
            products.category_id,
            {_pseudonym("analytics", "person", "purchases.customer_id")} as person_pseudonym,
            {_pseudonym("analytics", "purchase", "purchases.purchase_id")} as purchase_pseudonym
        from vault.staging.stg_purchases as purchases
        inner join vault.staging.stg_purchase_lines as lines on purchases.purchase_id = lines.purchase_id
        left join vault.staging.stg_products as products on lines.product_id = products.product_id
        where
            (
                purchases.customer_id in (select customer_id from forgotten)
                or purchases.purchase_id in (select purchase_id from forgotten)
            )
            and not exists (
                select 1
                from forgotten
                where
                    forgotten.purchase_id = lines.purchase_id
                    and cast(forgotten.line_number as varchar) = cast(lines.line_number as varchar)
            )
        """
    )
    connection.execute(
        """
        create or replace temp table kept_returns as
        select kept_lines.purchase_pseudonym, kept_lines.category_id
        from kept_lines
        inner join vault.staging.stg_returns as returns
            on kept_lines.purchase_id = returns.purchase_id
            and kept_lines.line_number = cast(returns.line_number as varchar)
        """
    )
    # what names a purchase that stays is about that purchase
    connection.execute(
        f"""
        create or replace temp table kept_contacts as
        with
            contacts as (
                select
                    events.customer_id,
                    events.purchase_id,
                    coalesce(events.category_id, products.category_id) as category_id,
                    events.occurred_on
                from vault.staging.stg_web_events as events
                left join vault.staging.stg_products as products on events.product_id = products.product_id
                union all
                select customer_id, purchase_id, category_id, sent_on from vault.staging.stg_marketing_messages
            )
        select
            {_pseudonym("analytics", "person", "contacts.customer_id")} as person_pseudonym,
            contacts.category_id,
            contacts.occurred_on
        from contacts
        where
            contacts.customer_id in (select customer_id from forgotten)
            and contacts.purchase_id in (select purchase_id from vault.staging.stg_purchases)
            and contacts.purchase_id not in (select purchase_id from forgotten)
        """
    )
    return int(connection.execute("select count(distinct purchase_id) from forgotten").fetchall()[0][0])


def _pseudonym(domain: str, kind: str, identifier: str) -> str:
    """SQL: a pseudonym, as macros/privacy/issue_pseudonym.sql makes it."""
    return (
        f"cast(left(sha256(getvariable('{domain}_outer_pad') || unhex(sha256(getvariable('{domain}_inner_pad') || "
        f"encode('{kind}:' || {identifier})))), 32) as uuid)"
    )


def looked_up(connection: duckdb.DuckDBPyConnection, publication: str) -> LookedUp:
    """Look up every forgotten purchase in a publication."""
    # nothing of these stays, so nothing may bear their pseudonym, in whatever column
    gone = "purchase_id not in (select purchase_id from kept_lines)"
    shown = [
        f"""
        select purchase_id from forgotten
        where {gone} and ({" or ".join(f"{domain}_purchase in (select {column} from {relation})" for domain in secret.DOMAINS)})
        """
        for relation, column in opened.columns(connection, publication, "UUID")
    ]
    since = "date '0001-01-01'"
    if publication == "analytics":
        shown += _of_analytics(int(opened.facts(connection, "analytics")["interest_window_days"]))
        since = "(select min(purchased_on) from analytics.marts.purchases)"
    ((purchases, found),) = connection.execute(
        f"""
        with shown as ({" union ".join(shown or ["select purchase_id from forgotten where false"])})
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
    same = " and ".join(f"shown.{name} = forgotten.{column}" for name, column in found_by.items())
    same_kept = " and ".join(f"shown.{name} = kept.{name}" for name in found_by)
    return f"""
        select forgotten.purchase_id
        from forgotten
        inner join (select {names}, count(*) as rows_shown from analytics.{relation} group by all) as shown
            on {same} and shown.category_id is not distinct from forgotten.category_id
        left join (select {names}, count(*) as rows_kept from {kept} group by all) as kept
            on {same_kept} and shown.category_id is not distinct from kept.category_id
        where shown.rows_shown > coalesce(kept.rows_kept, 0)
    """


def measures(connection: duckdb.DuckDBPyConnection, forgotten: int) -> dict[str, list[Measure]]:
    """Measure all attacks, by publication. `forgotten` is what `prepare` returned."""
    if not forgotten:
        return {name: [_NOBODY_ASKED] for name in PUBLICATIONS}
    found = {name: [_looked_up(looked_up(connection, name))] for name in PUBLICATIONS}
    found["finance"].append(with_analytics(finance_and_analytics(connection)))
    found["finance"].append(with_insights(finance_and_insights(connection)))
    found["insights"].append(against_analytics(insights_and_analytics(connection)))
    found["insights"].append(against_a_copy(old_copy_of_insights(connection)))
    return found


def _looked_up(found: LookedUp) -> Measure:
    name = "An erased purchase, looked up"
    if not found.purchases:
        return Measure(name, "not applicable", "Every forgotten purchase is older than what the file holds.")
    if found.shown:
        meaning = (
            f"Of {counted(found.shown, 'forgotten purchase')} the file shows something. Delete the file, and find the "
            "model that does not read what is kept (models/vault/kept/)."
        )
    else:
        meaning = (
            "Who knows of a forgotten purchase, even with the pseudonyms of the person and of the purchase, finds "
            "none of its lines, returns or contacts in this file."
        )
    return Measure(
        name, f"{share(found.shown, found.purchases)} of {counted(found.purchases, 'forgotten purchase')}", meaning
    )


# --- two publications, or an old copy


@dataclass(frozen=True)
class Difference:
    """Cells that two files hold, those that differ; forgotten purchases in such cells, those whose cell differs, and
    those alone in one that differs: their amount is read off."""

    cells: int
    differing: int
    purchases: int
    betrayed: int
    alone: int


def finance_and_analytics(connection: duckdb.DuckDBPyConnection) -> Difference:
    """Compare finance with analytics, day by day and by channel, for the days that analytics holds."""
    connection.execute(
        """
        create or replace temp table differing as
        with
            totals as (
                select sold_on, channel, sum(purchase_count) as purchases, sum(line_count) as lines, sum(net_amount) as net_amount
                from finance.marts.daily_totals
                where sold_on >= (select min(purchased_on) from analytics.marts.purchases)
                group by sold_on, channel
            ),
            shown as (
                select purchased_on as sold_on, channel, count(*) as purchases, sum(line_count) as lines, sum(net_amount) as net_amount
                from analytics.marts.purchases
                group by purchased_on, channel
            )
        select
            totals.sold_on,
            totals.channel,
            totals.purchases is distinct from shown.purchases
            or totals.lines is distinct from shown.lines
            or totals.net_amount is distinct from shown.net_amount as is_differing
        from totals
        left join shown on totals.sold_on = shown.sold_on and totals.channel = shown.channel
        """
    )
    cell = "differing.sold_on = forgotten.purchased_on and differing.channel = forgotten.channel"
    return _judged(connection, cell, "differing.sold_on, differing.channel")


def _judged(connection: duckdb.DuckDBPyConnection, cell: str, names: str) -> Difference:
    """Put forgotten purchases into the cells of the table `differing`: what somebody would learn."""
    ((cells, differing),) = connection.execute(
        "select count(*), count(*) filter (where is_differing) from differing"
    ).fetchall()
    ((purchases, betrayed, alone),) = connection.execute(
        f"""
        with
            placed as (
                select distinct {names}, is_differing, forgotten.purchase_id
                from forgotten
                inner join differing on {cell}
                where forgotten.is_landed
            ),
            counted as (
                select purchase_id, is_differing, count(*) over (partition by {names.replace("differing.", "")}) as together
                from placed
            )
        select
            count(distinct purchase_id),
            count(distinct purchase_id) filter (where is_differing),
            count(distinct purchase_id) filter (where is_differing and together = 1)
        from counted
        """
    ).fetchall()
    return Difference(cells, differing, purchases, betrayed, alone)


def with_analytics(found: Difference) -> Measure:
    """Say what somebody with finance and analytics learns."""
    name = "An erased purchase, by comparing with analytics"
    if not found.purchases:
        return Measure(name, "not applicable", "No forgotten purchase is of a day that both files hold.")
    return Measure(
        name,
        f"{share(found.betrayed, found.purchases)} of {counted(found.purchases, 'forgotten purchase')}; the amount of "
        f"{share(found.alone, found.purchases)}",
        f"Finance must count what analytics forgets, so {found.differing:,} of {found.cells:,} totals by day and "
        f"channel differ. Who has both files sees the day of {found.betrayed:,} forgotten purchases, and of "
        f"{found.alone:,}, alone in their total, what was paid. Who also knows that somebody bought on that day knows "
        "that it was forgotten. So the policy lets no audience have both; who has one of them alone has nothing to "
        "compare.",
    )


def insights_and_analytics(connection: duckdb.DuckDBPyConnection) -> Difference:
    """Compare insights with analytics, by month and category, for the months that analytics holds completely."""
    connection.execute(
        """
        create or replace temp table differing as
        with
            shown as (
                select
                    date_trunc('month', purchased_on) as sold_month,
                    category_id,
                    count(distinct purchase_pseudonym) as purchases,
                    sum(quantity) as quantity,
                    sum(net_amount) as net_amount
                from analytics.marts.purchase_lines
                group by all
            )
        select
            totals.sold_month,
            totals.category_id,
            totals.purchase_count is distinct from shown.purchases
            or totals.quantity is distinct from shown.quantity
            or totals.net_amount is distinct from shown.net_amount as is_differing
        from insights.marts.sales_by_category_month as totals
        left join shown
            on totals.sold_month = shown.sold_month and totals.category_id is not distinct from shown.category_id
        where totals.sold_month > (select date_trunc('month', min(purchased_on)) from analytics.marts.purchases)
        """
    )
    return _judged(connection, _MONTH_AND_CATEGORY, "differing.sold_month, differing.category_id")


_MONTH_AND_CATEGORY = (
    "differing.sold_month = date_trunc('month', forgotten.purchased_on) "
    "and differing.category_id is not distinct from forgotten.category_id"
)


def against_analytics(found: Difference) -> Measure:
    """Say what somebody with insights and analytics learns."""
    figure = f"{found.differing:,} of {counted(found.cells, 'cell')} differ"
    if found.differing:
        meaning = (
            f"Both files should forget the same, but {counted(found.differing, 'cell')} count otherwise. Who has both "
            f"sees in which month and category {counted(found.betrayed, 'forgotten purchase')} lay. Find the model "
            "that does not read what is kept."
        )
    else:
        meaning = "Both files forget the same: subtracting one from the other shows no forgotten purchase."
    return Measure("An erased purchase, by comparing with analytics", figure, meaning)


def old_copy_of_insights(connection: duckdb.DuckDBPyConnection) -> Difference:
    """What somebody would read off who kept insights from before all requests. Such a copy is worked out: each cell of
    today, and in it what is forgotten."""
    connection.execute(
        """
        create or replace temp table differing as
        select sold_month, category_id, true as is_differing from insights.marts.sales_by_category_month
        """
    )
    return _judged(connection, _MONTH_AND_CATEGORY, "differing.sold_month, differing.category_id")


def against_a_copy(found: Difference) -> Measure:
    """Say what an old copy betrays."""
    name = "An erased purchase, by comparing with an old copy"
    if not found.purchases:
        return Measure(name, "not applicable", "No forgotten purchase is of a month and category that the file shows.")
    return Measure(
        name,
        f"the amount of {share(found.alone, found.purchases)} of {counted(found.purchases, 'forgotten purchase')}",
        f"Who kept this file from before the requests and subtracts sees that {found.betrayed:,} purchases are gone, "
        f"by month and category; {found.alone:,} are alone in such a difference, so what was paid is read off. Big "
        "Trust keeps no old publication. Keep no copies.",
    )


@dataclass(frozen=True)
class Months:
    """Months that finance and insights both hold, those whose totals differ, and those in which the whole difference is
    one forgotten purchase."""

    months: int
    differing: int
    one_purchase: int


def finance_and_insights(connection: duckdb.DuckDBPyConnection) -> Months:
    """Compare the turnover of finance and of insights (by category), month by month."""
    rows = connection.execute(
        """
        with
            accounts as (
                select date_trunc('month', sold_on) as sold_month, sum(net_amount) as net_amount
                from finance.marts.daily_totals
                group by all
            ),
            shown as (
                select sold_month, sum(net_amount) as net_amount
                from insights.marts.sales_by_category_month
                group by sold_month
            ),
            -- of the judge: what is kept, before cells of few persons are left out
            kept as (
                select sold_month, sum(net_amount) as net_amount
                from vault.restricted.sales_by_purchase
                group by sold_month
            ),
            forgotten_purchases as (
                select date_trunc('month', purchased_on) as sold_month, count(distinct purchase_id) as purchases
                from forgotten
                where is_landed
                group by all
            )
        select
            count(*),
            count(*) filter (where accounts.net_amount <> shown.net_amount),
            count(*) filter (
                where
                    accounts.net_amount <> shown.net_amount
                    and shown.net_amount = kept.net_amount
                    and forgotten_purchases.purchases = 1
            )
        from shown
        inner join accounts on shown.sold_month = accounts.sold_month
        left join kept on shown.sold_month = kept.sold_month
        left join forgotten_purchases on shown.sold_month = forgotten_purchases.sold_month
        """
    ).fetchall()
    return Months(*rows[0])


def with_insights(found: Months) -> Measure:
    """Say what accounting learns, which reads insights, too, as everybody does."""
    if found.one_purchase:
        meaning = (
            f"In {counted(found.one_purchase, 'month')} all of the difference is one forgotten purchase: what was "
            "paid is read off, without day, product or person. Governance may decide that accounting does not read "
            "insights."
        )
    else:
        meaning = (
            "Accounting reads insights, too, as everybody does. It sees how much turnover of a month was forgotten or "
            "left out for too few people, together: in no month is that one purchase alone."
        )
    return Measure(
        "An erased purchase, by comparing with insights",
        f"{found.differing:,} of {counted(found.months, 'month')} differ; in {found.one_purchase:,} by one purchase",
        meaning,
    )
