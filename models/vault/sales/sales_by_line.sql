{#- Category (0: no known one), quantity and amount of each line, as long as insights need its purchase: an aggregate can
    follow a change by it. -#}
{{
    config(
        materialized="updated",
        pre_hook=["{{ delete_rebuilt('purchase', by='number') }}", "{{ delete_unsold() }}"],
    )
}}

with

    products as (

        select stg_products.product_id, category_numbers.category_number
        from {{ ref("stg_products") }} as stg_products
        inner join
            {{ ref("category_numbers") }} as category_numbers
            on stg_products.category_id = category_numbers.category_id

    ),

    -- of the same purchases as sales_by_purchase, by their day: a join of all lines would take longer
    purchase_lines as (

        select purchase_number, product_id, quantity, net_amount
        from {{ ref("kept_purchase_lines") }}
        where {{ visible_until("purchases", "insights", month("purchased_on")) }} > {{ today() }}

    )

select
    purchase_lines.purchase_number,
    coalesce(products.category_number, 0) as category_number,
    purchase_lines.quantity,
    purchase_lines.net_amount
from purchase_lines
left join products on purchase_lines.product_id = products.product_id
