{#- Persons who asked that everything be forgotten, up to the latest of their requests. -#}
{{ config(materialized="working") }}

with erasure_requests as (select * from {{ ref("erasure_requests") }})

select customer_id, max(requested_at) as erased_until
from erasure_requests
where scope = 'person' and state = 'effective'
group by customer_id
