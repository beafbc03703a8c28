{#- Lines of purchases that have arrived, without the forgotten ones. -#}
{{ config(materialized="scoped") }}

select
    purchase_number,
    purchase_id,
    line_number,
    customer_id,
    product_id,
    channel,
    quantity,
    unit_price,
    discount_amount,
    net_amount,
    purchased_on,
    purchased_at
from {{ ref("scope_purchase_lines") }} as scope_purchase_lines
where
    purchase_number is not null
    and {{ not_an_erased_line("scope_purchase_lines.purchase_number", "scope_purchase_lines.line_number") }}
