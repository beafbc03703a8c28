{#- Persons of whom something may be due: since when the record is forgotten (empty: it stays), the last contact that
    stays, and until when the policy needs both. Of whoever else is active, a contact that stays and until when it keeps
    its row; their record is needed. -#}
{{ config(materialized="working") }}

with

    erased_persons as (

        select customer_id, max(requested_at) as erased_until
        from {{ ref("erasure_requests") }}
        where scope = 'person' and state = 'effective'
        group by customer_id

    ),

    concerned_persons as (select * from {{ ref("due_concerned_persons") }}),

    stg_customers as (select customer_id, created_at, updated_at from {{ ref("stg_customers") }}),

    customers as (

        select
            stg_customers.customer_id,
            -- whoever comes back after an erasure starts anew
            case
                when erased_persons.customer_id is null
                then stg_customers.created_at
                when stg_customers.created_at > erased_persons.erased_until
                then stg_customers.created_at
                when stg_customers.updated_at > erased_persons.erased_until
                then stg_customers.updated_at
            end as created_at,
            case
                when
                    coalesce(stg_customers.updated_at, stg_customers.created_at) > erased_persons.erased_until
                then cast(null as date)
                else cast(erased_persons.erased_until as date)
            end as forgotten_on
        from stg_customers
        left join erased_persons on stg_customers.customer_id = erased_persons.customer_id
        where stg_customers.customer_id in (select customer_id from concerned_persons)

    ),

    created as (

        select customer_id, {{ local_date("created_at") }} as created_on
        from customers
        where forgotten_on is null

    ),

    activities as (

        select customer_id, created_on as active_on, cast(null as date) as needed_until
        from created
        union all
        select customer_id, purchased_on as active_on, person_needed_until as needed_until
        from {{ ref("due_purchases") }}
        where forgotten_on is null
        union all
        select customer_id, happened_on as active_on, cast(null as date) as needed_until
        from {{ ref("due_contacts") }}
        where forgotten_on is null and is_activity

    ),

    active_persons as (

        select customer_id, max(active_on) as last_active_on, max(needed_until) as purchases_needed_until
        from activities
        where customer_id in (select customer_id from concerned_persons)
        group by customer_id

    ),

    persons as (

        select customer_id
        from active_persons
        union
        select customer_id
        from customers

    )

select
    persons.customer_id,
    customers.forgotten_on,
    active_persons.last_active_on,
    -- it starts the window of the record, if there is one
    case
        when created.customer_id is not null
        then
            {{
                needed_until(
                    "customers",
                    {
                        "last_activity": "active_persons.last_active_on",
                        "account_creation": "cast(null as date)",
                    },
                )
            }}
    end as last_contact_needed_until,
    -- a sale is shown with the region of its person
    greatest(
        active_persons.purchases_needed_until,
        {{
            needed_until(
                "customers",
                {
                    "last_activity": "active_persons.last_active_on",
                    "account_creation": "created.created_on",
                },
            )
        }}
    ) as needed_until,
    {{
        needed_until(
            "customers",
            {"last_activity": "active_persons.last_active_on", "account_creation": "created.created_on"},
            honours_erasure=false,
        )
    }} as duty_until,
    erased_persons.erased_until
from persons
left join erased_persons on persons.customer_id = erased_persons.customer_id
left join customers on persons.customer_id = customers.customer_id
left join created on persons.customer_id = created.customer_id
left join active_persons on persons.customer_id = active_persons.customer_id

union all

select
    customer_id,
    cast(null as date) as forgotten_on,
    last_active_on,
    {{
        needed_until(
            "customers", {"last_activity": "last_active_on", "account_creation": "cast(null as date)"}
        )
    }} as last_contact_needed_until,
    cast(null as date) as needed_until,
    cast(null as date) as duty_until,
    cast(null as timestamp) as erased_until
from {{ ref("person_activity") }} as person_activity
where
    customer_id in (select customer_id from stg_customers)
    and not exists (
        select 1 from concerned_persons where concerned_persons.customer_id = person_activity.customer_id
    )
