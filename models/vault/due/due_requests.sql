{#- Requests that take effect, or will when what they name arrives: by them alone something is forgotten. -#}
select scope, state, customer_id, purchase_id, line_number, category_id, requested_at
from {{ ref("erasure_requests") }}
where state in ('effective', 'pending')
