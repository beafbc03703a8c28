{#- What each purchase sold of a category (none: of no known one), as long as insights need it: an aggregate can follow a
    change by it. -#}
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

    purchase_lines as (

        select purchase_number, product_id, quantity, net_amount
        from {{ ref("kept_purchase_lines") }}
        where purchase_number in (select purchase_number from {{ ref("sales_by_purchase") }})

    )

select
    purchase_lines.purchase_number,
    products.category_number,
    cast(sum(purchase_lines.quantity) as decimal(18, 4)) as quantity,
    cast(sum(purchase_lines.net_amount) as decimal(18, 2)) as net_amount
from purchase_lines
left join products on purchase_lines.product_id = products.product_id
group by purchase_lines.purchase_number, products.category_number
