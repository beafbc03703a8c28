{#- A digest of every customer's record and last word on marketing, to see whose changed since the last run. -#}
{{ config(materialized="working") }}

with

    stg_customers as (select * from {{ ref("stg_customers") }}),

    consents as (

        select
            customer_id,
            hash(
                list(
                    (purpose, granted, recorded_at) order by recorded_at, file_number, stg_consents.row_number
                )
            ) as consent_state
        from {{ ref("stg_consents") }} as stg_consents
        group by customer_id

    )

select
    stg_customers.customer_id,
    hash(
        stg_customers.customer_id,
        stg_customers.country,
        stg_customers.language,
        stg_customers.postal_code,
        stg_customers.birth_date,
        -- one that lies in the future shows nothing, until its day comes
        stg_customers.birth_date <= {{ today() }},
        -- nor does who is too young, until theirs comes
        {{ is_of_age("stg_customers.birth_date") }},
        stg_customers.created_at,
        stg_customers.updated_at,
        consents.consent_state
    ) as row_state
from stg_customers
left join consents on stg_customers.customer_id = consents.customer_id
