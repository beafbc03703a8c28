select
    {{ hmac("person", "customers.customer_id") }} as person_pseudonym,
    cast(floor(year(customers.birth_date) / 10) * 10 as integer) as birth_decade,
    coalesce(regions.region, 'unknown') as region,
    coalesce(customers.country, 'unknown') as country,
    customers.created_at
from {{ source("landing", "customers") }} as customers
left join
    {{ source("reference", "regions") }} as regions
    on customers.country = regions.country
    and case
        when customers.postal_code like '97%'
        then left(customers.postal_code, 3)
        else left(customers.postal_code, 2)
    end
    = regions.postal_area
