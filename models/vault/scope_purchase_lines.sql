{#- Lines of the purchases that this build is about, with their header. Of a line whose header has not arrived, the number of
    the purchase is empty. -#}
{{ config(materialized="scoped") }}

with

    stg_purchase_lines as (

        select
            file_number,
            stg_purchase_lines.row_number,
            purchase_id,
            line_number,
            product_id,
            quantity,
            unit_price,
            coalesce(discount, 0) as discount
        from {{ ref("stg_purchase_lines") }} as stg_purchase_lines
        where {{ in_scope("purchase", "purchase_id") }}

    )

select
    scope_purchases.purchase_number,
    stg_purchase_lines.purchase_id,
    stg_purchase_lines.line_number,
    scope_purchases.customer_id,
    stg_purchase_lines.product_id,
    scope_purchases.channel,
    stg_purchase_lines.quantity,
    stg_purchase_lines.unit_price,
    cast(stg_purchase_lines.discount as decimal(18, 2)) as discount_amount,
    {{
        net_amount(
            "stg_purchase_lines.quantity", "stg_purchase_lines.unit_price", "stg_purchase_lines.discount"
        )
    }} as net_amount,
    stg_purchase_lines.file_number,
    stg_purchase_lines.row_number,
    scope_purchases.purchased_on,
    scope_purchases.purchased_at
from stg_purchase_lines
left join
    {{ ref("scope_purchases") }} as scope_purchases
    on stg_purchase_lines.purchase_id = scope_purchases.purchase_id
