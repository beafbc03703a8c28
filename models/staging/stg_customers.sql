with base_customers as (select * from {{ ref("base_customers") }})

select
    customer_id,
    first_name,
    last_name,
    email,
    phone,
    street,
    postal_code,
    city,
    country,
    language,
    cast(file_number as integer) as file_number,
    cast(base_customers.row_number as bigint) as row_number,
    birth_date,
    created_at,
    updated_at
from base_customers
where {{ staged("customers") }}
