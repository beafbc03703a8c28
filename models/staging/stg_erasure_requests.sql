with base_erasure_requests as (select * from {{ ref("base_erasure_requests") }})

select
    request_id, scope, customer_id, purchase_id, line_number, category_id, channel, requested_at, withdrawn_at
from base_erasure_requests
where {{ staged("erasure_requests") }}
