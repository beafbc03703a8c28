{#- Persons of age whose last word on marketing is yes: the one list of whom marketing may see. -#}
{{ config(materialized="working") }}

select consent_states.customer_id, consent_states.recorded_at as opted_in_at
from {{ ref("consent_states") }} as consent_states
left join
    {{ ref("kept_customers") }} as kept_customers on consent_states.customer_id = kept_customers.customer_id
where
    consent_states.purpose = 'marketing'
    and consent_states.is_granted
    and {{ is_of_age("kept_customers.birth_date") }}
