{#- Returns of lines that stay. -#}
{{ config(materialized="scoped") }}

select purchase_number, line_number, customer_id, product_id, reason, quantity, returned_on, purchased_on
from {{ ref("scope_returns") }} as scope_returns
where
    purchase_number is not null
    and {{ not_an_erased_line("scope_returns.purchase_number", "scope_returns.line_number") }}
