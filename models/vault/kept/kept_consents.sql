{#- Consents, without what was recorded before a person asked that everything be forgotten. -#}
{{ config(materialized="scoped") }}

with consents as (select * from {{ ref("stg_consents") }})

select customer_id, purpose, channel, granted, recorded_at
from consents
where {{ not_of_an_erased_person("consents.customer_id", "consents.recorded_at") }}
