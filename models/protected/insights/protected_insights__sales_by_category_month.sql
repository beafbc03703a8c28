{#- A cell that describes fewer than k persons is not written at all. Anonymous sales count as no person. -#}
with

    kept_purchase_lines as (select * from {{ ref("kept_purchase_lines") }}),

    stg_product_categories as (select * from {{ ref("stg_product_categories") }}),

    sales as (

        select
            {{ month("kept_purchase_lines.purchased_on") }} as sold_month,
            kept_purchase_lines.category_id,
            stg_product_categories.name as category_name,
            kept_purchase_lines.purchase_id,
            kept_purchase_lines.customer_id,
            kept_purchase_lines.quantity,
            cast(
                kept_purchase_lines.quantity * kept_purchase_lines.unit_price
                - kept_purchase_lines.discount as decimal(18, 2)
            ) as net_amount
        from kept_purchase_lines
        left join
            stg_product_categories on kept_purchase_lines.category_id = stg_product_categories.category_id

    ),

    cells as (

        select
            sold_month,
            category_id,
            category_name,
            count(distinct purchase_id) as purchase_count,
            cast(sum(quantity) as decimal(38, 4)) as quantity,
            cast(sum(net_amount) as decimal(38, 2)) as net_amount,
            {{ visible_until("purchases", "insights", "sold_month") }} as visible_until
        from sales
        group by sold_month, category_id, category_name
        having count(distinct customer_id) >= {{ setting("k") }}

    )

select *
from cells
where visible_until > {{ today() }}
order by all
