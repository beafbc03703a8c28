with base_consents as (select * from {{ ref("base_consents") }})

select customer_id, purpose, channel, granted, recorded_at
from base_consents
where {{ staged("consents") }}
