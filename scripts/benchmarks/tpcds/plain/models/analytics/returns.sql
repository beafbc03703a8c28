with

    returns as (select * from {{ source("analytics", "returns") }}),

    purchases as (select * from {{ source("analytics", "purchases") }}),

    purchase_lines as (select * from {{ source("analytics", "purchase_lines") }}),

    products as (select * from {{ source("landing", "products") }})

select
    returns.purchase_id,
    purchases.customer_id,
    purchase_lines.product_id,
    products.category_id,
    cast(returns.returned_at as date) as returned_on,
    returns.quantity,
    case
        when returns.reason in ('defect', 'damaged', 'size', 'changed_mind', 'wrong_item')
        then returns.reason
        when returns.reason is null
        then 'unknown'
        else 'other'
    end as reason
from returns
inner join
    purchase_lines
    on returns.purchase_id = purchase_lines.purchase_id
    and returns.line_number = purchase_lines.line_number
inner join purchases on returns.purchase_id = purchases.purchase_id
left join products on purchase_lines.product_id = products.product_id
