{#- How many requests there are in which state, and since when the oldest of them waits. -#}
with erasure_requests as (select * from {{ ref("erasure_requests") }})

select scope, state, count(*) as requests, min({{ local_date("requested_at") }}) as oldest_requested_on
from erasure_requests
group by scope, state
order by all
