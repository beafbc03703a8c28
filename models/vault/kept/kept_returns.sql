{#- Returns of lines that stay. -#}
{{ config(materialized="working") }}

with

    stg_returns as (select * from {{ ref("stg_returns") }} where {{ in_scope("purchase", "purchase_id") }}),

    kept_purchase_lines as (

        select *
        from {{ ref("kept_purchase_lines") }}
        where purchase_id in (select purchase_id from stg_returns)

    )

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
