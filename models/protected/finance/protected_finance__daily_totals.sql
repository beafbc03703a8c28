{#- Reads what arrived, not what is kept: forgotten purchases count, because accounts must be complete
    (docs/decisions/0013-finance-keeps-totals.md). -#}
{{ config(materialized="updated", pre_hook="{{ delete_changed_days() }}") }}

-- depends_on: {{ ref("changed_days") }}
-- depends_on: {{ ref("scope_purchases") }}
-- depends_on: {{ ref("purchase_sums") }}
-- depends_on: {{ ref("stg_purchases") }}
-- depends_on: {{ ref("stg_purchase_lines") }}
with

    -- a line whose purchase has not arrived is held, here too
    {% if only_changes() %}
        -- all sales of the days of which one changed, not only those that are built anew elsewhere
        purchases as (

            select purchase_id as purchase_key, purchased_on, store_id, channel
            from {{ ref("stg_purchases") }}
            where purchased_on in (select sold_on from {{ ref("changed_days") }})

        ),

        purchase_lines as (

            select
                purchase_id as purchase_key,
                cast(coalesce(discount, 0) as decimal(18, 2)) as discount_amount,
                {{ net_amount("quantity", "unit_price", "coalesce(discount, 0)") }} as net_amount
            from {{ ref("stg_purchase_lines") }}
            where purchase_id in (select purchase_key from purchases)

        ),

        amounts as (

            select
                purchase_key,
                count(*) as line_count,
                sum(discount_amount) as discount_amount,
                sum(net_amount) as net_amount
            from purchase_lines
            group by purchase_key

        ),
    {% else %}
        purchases as (

            select purchase_number as purchase_key, purchased_on, store_id, channel
            from {{ ref("scope_purchases") }}

        ),

        amounts as (

            select purchase_number as purchase_key, line_count, discount_amount, net_amount
            from {{ ref("purchase_sums") }}

        ),
    {% endif %}

    daily_totals as (

        select
            purchases.purchased_on as sold_on,
            {{ store("purchases.store_id") }} as store_id,
            {{ code("purchases.channel", ["store", "web", "phone", "catalogue"]) }} as channel,
            count(*) as purchase_count,
            cast(sum(amounts.line_count) as bigint) as line_count,
            cast(sum(amounts.net_amount + amounts.discount_amount) as decimal(38, 2)) as gross_amount,
            cast(sum(amounts.discount_amount) as decimal(38, 2)) as discount_amount,
            cast(sum(amounts.net_amount) as decimal(38, 2)) as net_amount,
            {{ visible_until("purchases", "finance", "purchases.purchased_on") }} as visible_until
        from amounts
        inner join purchases on amounts.purchase_key = purchases.purchase_key
        group by all

    )

select *
from daily_totals
where visible_until > {{ today() }}
