with

    customers as (select * from {{ source("insights", "customers") }}),

    purchases as (select * from {{ source("insights", "purchases") }}),

    purchase_lines as (select * from {{ source("insights", "purchase_lines") }}),

    regions as (select * from {{ source("reference", "regions") }})

select
    cast(date_trunc('month', purchases.purchased_at) as date) as sold_month,
    coalesce(regions.region, 'unknown') as region,
    count(distinct purchases.purchase_id) as purchase_count,
    sum(
        purchase_lines.quantity * purchase_lines.unit_price - coalesce(purchase_lines.discount, 0)
    ) as net_amount
from purchase_lines
inner join purchases on purchase_lines.purchase_id = purchases.purchase_id
left join customers on purchases.customer_id = customers.customer_id
left join
    regions
    on customers.country = regions.country
    and case
        when customers.postal_code like '97%'
        then left(customers.postal_code, 3)
        else left(customers.postal_code, 2)
    end
    = regions.postal_area
where purchases.customer_id is not null
group by sold_month, coalesce(regions.region, 'unknown')
