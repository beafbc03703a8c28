{#- Lines of purchases that have arrived, without the forgotten ones. -#}
{{ config(materialized="scoped") }}

select
    scope_purchase_lines.purchase_number,
    scope_purchases.purchase_id,
    scope_purchase_lines.line_number,
    scope_purchases.customer_id,
    scope_purchase_lines.product_id,
    scope_purchase_lines.category_id,
    scope_purchases.channel,
    scope_purchase_lines.quantity,
    scope_purchase_lines.unit_price,
    scope_purchase_lines.discount_amount,
    scope_purchase_lines.net_amount,
    scope_purchases.purchased_on,
    scope_purchases.purchased_at
from {{ ref("scope_purchase_lines") }} as scope_purchase_lines
inner join
    {{ ref("scope_purchases") }} as scope_purchases
    on scope_purchase_lines.purchase_number = scope_purchases.purchase_number
where
    not exists (
        select 1
        from {{ ref("erased_purchase_lines") }} as erased_purchase_lines
        where
            erased_purchase_lines.purchase_number = scope_purchase_lines.purchase_number
            and erased_purchase_lines.line_number = scope_purchase_lines.line_number
    )
