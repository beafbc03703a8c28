{#- Lines that are forgotten, whatever the scope of the request, with what their footprint depends on. -#}
with

    erasure_requests as (select * from {{ ref("erasure_requests") }} where state = 'effective'),

    sales as (

        select
            stg_purchase_lines.purchase_id,
            stg_purchase_lines.line_number,
            stg_purchases.customer_id,
            stg_products.category_id,
            stg_purchases.purchased_at
        from {{ ref("stg_purchase_lines") }} as stg_purchase_lines
        inner join
            {{ ref("stg_purchases") }} as stg_purchases
            on stg_purchase_lines.purchase_id = stg_purchases.purchase_id
        left join
            {{ ref("stg_products") }} as stg_products
            on stg_purchase_lines.product_id = stg_products.product_id

    ),

    by_purchase as (

        select sales.*
        from sales
        inner join
            {{ ref("erased_purchases") }} as erased_purchases
            on sales.purchase_id = erased_purchases.purchase_id

    ),

    by_line as (

        select sales.*
        from sales
        inner join
            erasure_requests
            on sales.purchase_id = erasure_requests.purchase_id
            and sales.line_number = erasure_requests.line_number
        where erasure_requests.scope = 'purchase_line'

    ),

    by_category as (

        select sales.*
        from sales
        inner join {{ ref("product_category_tree") }} as tree on sales.category_id = tree.category_id
        inner join
            erasure_requests
            on sales.customer_id = erasure_requests.customer_id
            and tree.ancestor_id = erasure_requests.category_id
        where erasure_requests.scope = 'category'

    )

select *
from by_purchase
union
select *
from by_line
union
select *
from by_category
