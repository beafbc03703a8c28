{#- Returns of lines that stay. -#}
{{ config(materialized="working") }}

with

    returns as (

        select
            scope_purchases.purchase_number,
            stg_returns.return_id,
            stg_returns.purchase_id,
            stg_returns.line_number,
            stg_returns.reason,
            stg_returns.quantity,
            stg_returns.returned_on,
            stg_returns.returned_at
        from {{ ref("stg_returns") }} as stg_returns
        inner join
            {{ ref("scope_purchases") }} as scope_purchases
            on stg_returns.purchase_id = scope_purchases.purchase_id

    )

select
    returns.return_id,
    returns.purchase_number,
    returns.purchase_id,
    returns.line_number,
    kept_purchase_lines.customer_id,
    kept_purchase_lines.product_id,
    kept_purchase_lines.category_id,
    returns.reason,
    returns.quantity,
    returns.returned_on,
    returns.returned_at,
    kept_purchase_lines.purchased_on
from returns
inner join
    {{ ref("kept_purchase_lines") }} as kept_purchase_lines
    on returns.purchase_number = kept_purchase_lines.purchase_number
    and returns.line_number = kept_purchase_lines.line_number
