{#- Headers of purchases of which at least one line is kept. -#}
{{ config(materialized="working") }}

with

    scope_purchases as (select * from {{ ref("scope_purchases") }}),

    touched_purchases as (select * from {{ ref("touched_purchases") }}),

    partly_kept as (

        select purchase_id
        from {{ ref("kept_purchase_lines") }}
        where purchase_id in (select purchase_id from touched_purchases)

    )

select purchase_number, purchase_id, customer_id, channel, purchased_on, purchased_at
from scope_purchases
where
    purchase_number in (select purchase_number from {{ ref("scope_purchase_lines") }})
    and (
        not exists (
            select 1 from touched_purchases where touched_purchases.purchase_id = scope_purchases.purchase_id
        )
        or exists (select 1 from partly_kept where partly_kept.purchase_id = scope_purchases.purchase_id)
    )
