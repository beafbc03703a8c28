with

    customers as (select * from {{ source("analytics", "customers") }}),

    regions as (select * from {{ source("reference", "regions") }})

select
    customers.customer_id,
    cast(floor(year(customers.birth_date) / 10) * 10 as integer) as birth_decade,
    coalesce(regions.region, 'unknown') as region,
    coalesce(customers.country, 'unknown') as country,
    'unknown' as language,
    cast(date_trunc('month', customers.created_at) as date) as customer_since_month
from customers
left join
    regions
    on customers.country = regions.country
    and case
        when customers.postal_code like '97%'
        then left(customers.postal_code, 3)
        else left(customers.postal_code, 2)
    end
    = regions.postal_area
