with

    purchases as (select * from {{ source("insights", "purchases") }}),

    purchase_lines as (select * from {{ source("insights", "purchase_lines") }}),

    products as (select * from {{ source("landing", "products") }}),

    product_categories as (select * from {{ source("landing", "product_categories") }})

select
    cast(date_trunc('month', purchases.purchased_at) as date) as sold_month,
    products.category_id,
    product_categories.name as category_name,
    count(distinct purchases.purchase_id) as purchase_count,
    sum(purchase_lines.quantity) as quantity,
    sum(
        purchase_lines.quantity * purchase_lines.unit_price - coalesce(purchase_lines.discount, 0)
    ) as net_amount
from purchase_lines
inner join purchases on purchase_lines.purchase_id = purchases.purchase_id
left join products on purchase_lines.product_id = products.product_id
left join product_categories on products.category_id = product_categories.category_id
group by sold_month, products.category_id, category_name
