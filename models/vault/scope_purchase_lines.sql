{#- Lines of the purchases that this build is about, also of those whose header has not arrived. -#}
{{ config(materialized="scoped") }}

select
    stg_purchase_lines.purchase_id,
    stg_purchase_lines.line_number,
    stg_purchase_lines.product_id,
    stg_products.category_id,
    stg_purchase_lines.quantity,
    stg_purchase_lines.unit_price,
    coalesce(stg_purchase_lines.discount, 0) as discount
from {{ ref("stg_purchase_lines") }} as stg_purchase_lines
left join {{ ref("stg_products") }} as stg_products on stg_purchase_lines.product_id = stg_products.product_id
where {{ in_scope("purchase", "stg_purchase_lines.purchase_id") }}
