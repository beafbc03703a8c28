{#- The last word of each person on each purpose, and where and when it was said: the evidence. Nothing is inferred: of who
    said nothing, there is no row. -#}
{{ config(materialized="working") }}

with kept_consents as (select * from {{ ref("kept_consents") }})

select customer_id, lower(purpose) as purpose, channel, granted as is_granted, recorded_at
from kept_consents
-- of two words of the same moment, the stricter is the last
qualify
    row_number() over (partition by customer_id, lower(purpose) order by recorded_at desc, granted, channel)
    = 1
