{#- Reads staging, not what is kept: forgotten purchases count, because accounts must be complete
    (docs/decisions/0013-finance-keeps-totals.md). -#}
{{ config(materialized="updated", pre_hook="{{ delete_changed_days() }}") }}

-- depends_on: {{ ref("changed_days") }}
with

    stg_purchases as (

        select *
        from {{ ref("stg_purchases") }}
        {% if only_changes() %}
            where purchased_on in (select sold_on from {{ ref("changed_days") }})
        {% endif %}

    ),

    amounts as (

        select
            purchase_id,
            count(*) as line_count,
            sum(cast(coalesce(discount, 0) as decimal(18, 2))) as discount_amount,
            sum(cast(quantity * unit_price - coalesce(discount, 0) as decimal(18, 2))) as net_amount
        from {{ ref("stg_purchase_lines") }}
        {% if only_changes() %} where purchase_id in (select purchase_id from stg_purchases) {% endif %}
        group by purchase_id

    ),

    daily_totals as (

        select
            stg_purchases.purchased_on as sold_on,
            coalesce(stg_purchases.store_id, 'none') as store_id,
            {{ code("stg_purchases.channel", ["store", "web", "phone", "catalogue"]) }} as channel,
            count(*) as purchase_count,
            cast(sum(amounts.line_count) as bigint) as line_count,
            cast(sum(amounts.net_amount + amounts.discount_amount) as decimal(38, 2)) as gross_amount,
            cast(sum(amounts.discount_amount) as decimal(38, 2)) as discount_amount,
            cast(sum(amounts.net_amount) as decimal(38, 2)) as net_amount,
            {{ visible_until("purchases", "finance", "stg_purchases.purchased_on") }} as visible_until
        from amounts
        -- a line whose purchase has not arrived is held, here too
        inner join stg_purchases on amounts.purchase_id = stg_purchases.purchase_id
        group by all

    )

select *
from daily_totals
where visible_until > {{ today() }}
