"""Inference of an erased purchase by subtraction: what one file counts and another does not was forgotten.

*The attacker has* two publications, or a publication and an old copy of it, and subtracts one from the other, cell by
cell.

*Judged* by what is forgotten (`forgotten`, whose tables are needed): whose cell differs, and who is alone in one.
"""

from dataclasses import dataclass

import duckdb

from bigtrust.attacks.measures import Measure, counted, share


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
                select
                    sold_on,
                    channel,
                    sum(purchase_count) as purchases,
                    sum(line_count) as lines,
                    sum(net_amount) as net_amount
                from finance.marts.daily_totals
                where sold_on >= (select min(purchased_on) from analytics.marts.purchases)
                group by sold_on, channel
            ),
            shown as (
                select
                    purchased_on as sold_on,
                    channel,
                    count(*) as purchases,
                    sum(line_count) as lines,
                    sum(net_amount) as net_amount
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
                select
                    purchase_id,
                    is_differing,
                    count(*) over (partition by {names.replace("differing.", "")}) as together
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
            f"Both files should forget the same, but differ in {counted(found.differing, 'cell')}. Who has both sees "
            f"the month and category of {counted(found.betrayed, 'forgotten purchase')}. Find the model that does not "
            "read what is kept."
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


def measures(connection: duckdb.DuckDBPyConnection) -> dict[str, list[Measure]]:
    """Subtract every two publications that count the same, and each from what it was."""
    return {
        "finance": [
            with_analytics(finance_and_analytics(connection)),
            with_insights(finance_and_insights(connection)),
        ],
        "insights": [
            against_analytics(insights_and_analytics(connection)),
            against_a_copy(old_copy_of_insights(connection)),
        ],
    }
