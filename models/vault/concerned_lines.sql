{#- The lines that a request may be about, or that the register remembers as forgotten, as they are today: few, and no
    others are looked at. -#}
{{ config(materialized="working") }}

with

    erasure_requests as (select * from {{ ref("erasure_requests") }} where state = 'effective'),

    concerned_purchases as (

        select purchase_number, purchase_id, customer_id, purchased_at
        from {{ ref("scope_purchases") }}
        where
            purchase_id in (select purchase_id from {{ ref("erased_purchases") }})
            or purchase_id in (select purchase_id from erasure_requests where scope = 'purchase_line')
            or customer_id in (select customer_id from erasure_requests where scope = 'category')
            or purchase_id in (select purchase_id from {{ source("register", "forgotten_lines") }})

    )

select
    concerned_purchases.purchase_number,
    concerned_purchases.purchase_id,
    scope_purchase_lines.line_number,
    concerned_purchases.customer_id,
    stg_products.category_id,
    concerned_purchases.purchased_at
from {{ ref("scope_purchase_lines") }} as scope_purchase_lines
inner join concerned_purchases on scope_purchase_lines.purchase_number = concerned_purchases.purchase_number
left join
    {{ ref("stg_products") }} as stg_products on scope_purchase_lines.product_id = stg_products.product_id
