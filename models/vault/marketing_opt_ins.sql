{#- Persons of age whose last word on marketing is yes: the one list of whom marketing may see. -#}
{{ config(materialized="working") }}

with

    kept_consents as (select * from {{ ref("kept_consents") }}),

    kept_customers as (select * from {{ ref("kept_customers") }})

select kept_consents.customer_id, kept_consents.recorded_at as opted_in_at
from kept_consents
left join kept_customers on kept_consents.customer_id = kept_customers.customer_id
where lower(kept_consents.purpose) = 'marketing'
-- of two words of the same moment, the stricter is the last
qualify
    kept_consents.granted
    and {{ is_of_age("kept_customers.birth_date") }}
    and row_number() over (
        partition by kept_consents.customer_id order by kept_consents.recorded_at desc, kept_consents.granted
    )
    = 1
