with base_consents as (select * from {{ ref("base_consents") }})

select
    customer_id,
    purpose,
    channel,
    granted,
    cast(file_number as integer) as file_number,
    cast(base_consents.row_number as bigint) as row_number,
    recorded_at
from base_consents
where {{ staged("consents") }}
