with

    purchases as (select * from {{ source("analytics", "purchases") }}),

    purchase_lines as (select * from {{ source("analytics", "purchase_lines") }}),

    products as (select * from {{ source("landing", "products") }}),

    returned as (

        select purchase_id, line_number, sum(quantity) as returned_quantity
        from {{ source("analytics", "returns") }}
        group by purchase_id, line_number

    )

select
    purchase_lines.purchase_id,
    purchases.customer_id,
    purchase_lines.product_id,
    products.category_id,
    purchases.channel,
    cast(purchases.purchased_at as date) as purchased_on,
    purchase_lines.quantity,
    purchase_lines.unit_price,
    coalesce(purchase_lines.discount, 0) as discount_amount,
    purchase_lines.quantity * purchase_lines.unit_price - coalesce(purchase_lines.discount, 0) as net_amount,
    coalesce(returned.returned_quantity, 0) as returned_quantity
from purchase_lines
inner join purchases on purchase_lines.purchase_id = purchases.purchase_id
left join products on purchase_lines.product_id = products.product_id
left join
    returned
    on purchase_lines.purchase_id = returned.purchase_id
    and purchase_lines.line_number = returned.line_number
