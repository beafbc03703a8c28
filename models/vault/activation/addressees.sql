{#- Every customer, and what decides whether an offer may reach them, whatever it is for. Only bigtrust activate reads it. -#}
{{ config(materialized="working") }}

with

    pauses as (select * from {{ ref("pauses") }}),

    partner_consents as (

        select customer_id from {{ ref("consent_states") }} where purpose = 'partner_sharing' and is_granted

    )

select
    stg_customers.customer_id,
    audience_profiles.person_pseudonym,
    -- of age, agrees to marketing by the last word, and was in contact within its window
    audience_profiles.person_pseudonym is not null as agrees_to_marketing,
    partner_consents.customer_id is not null as agrees_to_sharing,
    case when audience_profiles.person_pseudonym is not null then pauses.reason end as pause
from {{ ref("stg_customers") }} as stg_customers
left join
    {{ ref("marketing_person_pseudonyms") }} as person_pseudonyms
    on stg_customers.customer_id = person_pseudonyms.customer_id
left join
    {{ ref("audience_profiles") }} as audience_profiles
    on person_pseudonyms.person_pseudonym = audience_profiles.person_pseudonym
left join pauses on person_pseudonyms.person_pseudonym = pauses.person_pseudonym
left join partner_consents on stg_customers.customer_id = partner_consents.customer_id
