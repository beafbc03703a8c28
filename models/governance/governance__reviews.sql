{#- One row per review. Who looked, and what they noted, stays in the warehouse folder. -#}
with reviews as (select * from {{ source("runs", "reviews") }})

select run, verdict, reviewed_at
from reviews
order by all
