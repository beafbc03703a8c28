{#- Persons of whom something may be due: everybody but those who are known to be active, and those whom a request or a
    hold concerns. Of them alone everything is read. -#}
{{ config(materialized="working") }}

with

    -- what a build has kept of a person is no more than what staging has: whoever is active by it is active
    active_persons as (

        select customer_id
        from {{ ref("person_activity") }}
        where
            {{
                needed_until(
                    "customers",
                    {"last_activity": "last_active_on", "account_creation": "cast(null as date)"},
                )
            }} > {{ today() }}

    ),

    persons as (

        select customer_id
        from {{ ref("stg_customers") }}
        union
        select customer_id
        from {{ ref("stg_consents") }}

    )

select customer_id
from persons
where
    customer_id is not null
    and not exists (select 1 from active_persons where active_persons.customer_id = persons.customer_id)
union
select customer_id
from {{ ref("erasure_requests") }}
where customer_id is not null
union
select customer_id
from {{ ref("stg_legal_holds") }}
where customer_id is not null and purchase_id is null
