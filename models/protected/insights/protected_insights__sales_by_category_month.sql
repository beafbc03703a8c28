{#- A cell that describes fewer than k persons is not written at all. Anonymous sales count as no person. -#}
with

    sales as (select * from {{ ref("sales_by_buyer_category_month") }}),

    cells as (

        select
            sold_month,
            category_id,
            cast(sum(purchase_count) as bigint) as purchase_count,
            cast(sum(quantity) as decimal(38, 4)) as quantity,
            cast(sum(net_amount) as decimal(38, 2)) as net_amount,
            visible_until
        from sales
        group by sold_month, category_id, visible_until
        having count(*) filter (where is_person) >= {{ setting("k") }}

    )

select
    cells.sold_month,
    cells.category_id,
    stg_product_categories.name as category_name,
    cells.purchase_count,
    cells.quantity,
    cells.net_amount,
    cells.visible_until
from cells
left join
    {{ ref("stg_product_categories") }} as stg_product_categories
    on cells.category_id = stg_product_categories.category_id
where cells.visible_until > {{ today() }}
