{#- Persons whose last word on marketing is yes: the one list of whom marketing may see. -#}
{{ config(materialized="working") }}

with kept_consents as (select * from {{ ref("kept_consents") }})

select customer_id, recorded_at as opted_in_at
from kept_consents
where lower(purpose) = 'marketing'
-- of two words of the same moment, the one delivered later is the last
qualify
    granted
    and row_number() over (
        partition by customer_id order by recorded_at desc, file_number desc, kept_consents.row_number desc
    )
    = 1
