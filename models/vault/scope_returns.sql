{#- Returns of the purchases that this build is about, with the line that each is a return of. Of a return whose line has
    not arrived, the number of the purchase is empty. -#}
{{ config(materialized="working") }}

with

    stg_returns as (select * from {{ ref("stg_returns") }} where {{ in_scope("purchase", "purchase_id") }}),

    purchase_lines as (select * from {{ ref("scope_purchase_lines") }} where purchase_number is not null)

select
    stg_returns.return_id,
    purchase_lines.purchase_number,
    stg_returns.purchase_id,
    stg_returns.line_number,
    purchase_lines.customer_id,
    purchase_lines.product_id,
    stg_products.category_id,
    stg_returns.reason,
    stg_returns.quantity,
    stg_returns.file_number,
    stg_returns.row_number,
    stg_returns.returned_on,
    stg_returns.returned_at,
    purchase_lines.purchased_on
from stg_returns
left join
    purchase_lines
    on stg_returns.purchase_id = purchase_lines.purchase_id
    and stg_returns.line_number = purchase_lines.line_number
left join {{ ref("stg_products") }} as stg_products on purchase_lines.product_id = stg_products.product_id
