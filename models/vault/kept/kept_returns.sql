{#- Returns of lines that stay. -#}
with

    stg_returns as (select * from {{ ref("stg_returns") }}),

    kept_purchase_lines as (select * from {{ ref("kept_purchase_lines") }})

select
    stg_returns.return_id,
    stg_returns.purchase_id,
    stg_returns.line_number,
    kept_purchase_lines.customer_id,
    kept_purchase_lines.product_id,
    kept_purchase_lines.category_id,
    stg_returns.reason,
    stg_returns.quantity,
    stg_returns.returned_on,
    stg_returns.returned_at,
    kept_purchase_lines.purchased_on
from stg_returns
inner join
    kept_purchase_lines
    on stg_returns.purchase_id = kept_purchase_lines.purchase_id
    and stg_returns.line_number = kept_purchase_lines.line_number
