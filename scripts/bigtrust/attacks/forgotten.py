"""What is forgotten, and what else the same persons bought: what judges whether an attack on it succeeds.

The register remembers which lines are forgotten. Landing says what stays: a second washing machine of the same day is
not the one that was forgotten. No attacker has either.
"""

from collections.abc import Mapping

import duckdb

from bigtrust import register, secret, sql
from bigtrust.attacks import publications
from bigtrust.settings import Settings


def prepare(connection: duckdb.DuckDBPyConnection, settings: Settings, domain_keys: Mapping[str, bytes]) -> int:
    """Write down what is forgotten and what stays, for the judge; returns the number of forgotten purchases.

    The keys of the domains say what the pseudonym of a forgotten purchase was. Tables `forgotten`
    (a row per line), `kept_lines`, `kept_returns` and `kept_contacts` (of the same persons and purchases).
    """
    for domain, key in domain_keys.items():
        for name, pad in zip(("inner", "outer"), secret.pads(key), strict=True):
            connection.execute(f"set variable {domain}_{name}_pad = ?", [pad])
    of_purchase = [f"{_pseudonym(name, 'purchase', 'lines.purchase_id')} as {name}_purchase" for name in secret.DOMAINS]
    zone = sql.text(publications.facts(connection, "analytics")["time_zone"])
    connection.execute(
        """
        create or replace temp table landed as
        select purchase_id, customer_id, store_id, channel, purchased_on from vault.staging.stg_purchases
        """
    )
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
            {", ".join(of_purchase)},
            purchases.purchase_id is not null as is_landed,
            case
                when purchases.channel in (select channel from finance.marts.daily_totals) then purchases.channel
                when purchases.channel is null then 'unknown'
                else 'other'
            end as channel,
            coalesce(purchases.store_id, 'none') as store_id
        from ({register.forgotten_lines_sql(settings.register)}) as lines
        left join landed as purchases on lines.purchase_id = purchases.purchase_id
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
        from landed as purchases
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
            and contacts.purchase_id in (select purchase_id from landed)
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
