with base_register_requests as (select * from {{ ref("base_register_requests") }})

select
    request_id, scope, customer_id, purchase_id, line_number, category_id, channel, requested_at, withdrawn_at
from base_register_requests
where {{ staged("register_requests") }}
