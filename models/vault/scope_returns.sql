{#- Returns of the purchases that this build is about, with the line that each is a return of. Of a return whose line has
    not arrived, the number of the purchase is empty. -#}
{{ config(materialized="working") }}

with

    stg_returns as (select * from {{ ref("stg_returns") }} where {{ in_scope("purchase", "purchase_id") }}),

    purchase_lines as (select * from {{ ref("scope_purchase_lines") }} where purchase_number is not null)

select
    purchase_lines.purchase_number,
    stg_returns.line_number,
    purchase_lines.customer_id,
    purchase_lines.product_id,
    stg_returns.reason,
    stg_returns.quantity,
    stg_returns.file_number,
    stg_returns.row_number,
    stg_returns.returned_on,
    purchase_lines.purchased_on
from purchase_lines
right join
    stg_returns
    on purchase_lines.purchase_id = stg_returns.purchase_id
    and purchase_lines.line_number = stg_returns.line_number
