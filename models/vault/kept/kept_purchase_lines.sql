{#- Lines of purchases that have arrived, without the forgotten ones. -#}
with

    stg_purchase_lines as (select * from {{ ref("stg_purchase_lines") }}),

    stg_purchases as (select * from {{ ref("stg_purchases") }}),

    stg_products as (select * from {{ ref("stg_products") }}),

    erased_purchase_lines as (select * from {{ ref("erased_purchase_lines") }})

select
    stg_purchase_lines.purchase_id,
    stg_purchase_lines.line_number,
    stg_purchases.customer_id,
    stg_purchase_lines.product_id,
    stg_products.category_id,
    stg_purchases.channel,
    stg_purchase_lines.quantity,
    stg_purchase_lines.unit_price,
    coalesce(stg_purchase_lines.discount, 0) as discount,
    stg_purchases.purchased_on,
    stg_purchases.purchased_at
from stg_purchase_lines
inner join stg_purchases on stg_purchase_lines.purchase_id = stg_purchases.purchase_id
left join stg_products on stg_purchase_lines.product_id = stg_products.product_id
where
    not exists (
        select 1
        from erased_purchase_lines
        where
            erased_purchase_lines.purchase_id = stg_purchase_lines.purchase_id
            and erased_purchase_lines.line_number = stg_purchase_lines.line_number
    )
