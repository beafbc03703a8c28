{#- Returns of lines that stay. -#}
{{ config(materialized="scoped") }}

select
    return_id,
    purchase_number,
    purchase_id,
    line_number,
    customer_id,
    product_id,
    category_id,
    reason,
    quantity,
    returned_on,
    returned_at,
    purchased_on
from {{ ref("scope_returns") }} as scope_returns
where
    purchase_number is not null
    and {{ not_an_erased_line("scope_returns.purchase_number", "scope_returns.line_number") }}
