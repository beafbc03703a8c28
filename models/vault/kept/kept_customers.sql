{#- Whoever comes back after an erasure starts anew: only what was recorded afterwards counts. -#}
{{ config(materialized="scoped") }}

with

    stg_customers as (select * from {{ ref("stg_customers") }} where {{ in_scope("person", "customer_id") }}),

    erased_persons as (select * from {{ ref("erased_persons") }})

select
    stg_customers.customer_id,
    stg_customers.country,
    stg_customers.language,
    stg_customers.postal_code,
    stg_customers.birth_date,
    case
        when stg_customers.created_at <= erased_persons.erased_until
        then stg_customers.updated_at
        else stg_customers.created_at
    end as created_at,
    stg_customers.updated_at
from stg_customers
left join erased_persons on stg_customers.customer_id = erased_persons.customer_id
where
    erased_persons.customer_id is null
    or coalesce(stg_customers.updated_at, stg_customers.created_at) > erased_persons.erased_until
