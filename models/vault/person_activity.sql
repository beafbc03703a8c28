{#- The last contact that came from the person, from what is kept only: it starts the retention window of a customer.
    And until when any purpose needs something of the person: the vault forgets the number of whom none does. -#}
{{ config(materialized="updated", pre_hook="{{ delete_rebuilt('person', expires='needed_until') }}") }}

with

    activities as (

        select
            customer_id,
            {{ local_date("created_at") }} as active_on,
            {{ local_date("created_at") }} as created_on,
            cast(null as date) as needed_until
        from {{ ref("kept_customers") }}
        union all
        select
            customer_id,
            purchased_on as active_on,
            cast(null as date) as created_on,
            -- whom marketing may no longer see, it needs no purchase of
            {{
                needed_until(
                    "purchases", {"purchase": "purchased_on"}, honours_erasure=true, but_for="marketing"
                )
            }} as needed_until
        from {{ ref("kept_purchases") }}
        union all
        select
            customer_id,
            returned_on as active_on,
            cast(null as date) as created_on,
            cast(null as date) as needed_until
        from {{ ref("kept_returns") }}
        union all
        select
            customer_id,
            occurred_on as active_on,
            cast(null as date) as created_on,
            {{ needed_until("web_events", {"event": "occurred_on"}, honours_erasure=true) }} as needed_until
        from {{ ref("kept_web_events") }}
        union all
        select
            customer_id,
            opened_on as active_on,
            cast(null as date) as created_on,
            {{ needed_until("support_tickets", {"event": "opened_on"}, honours_erasure=true) }}
            as needed_until
        from {{ ref("kept_support_tickets") }}
        union all
        -- a message comes from the company: it is no activity of the person
        select
            customer_id,
            cast(null as date) as active_on,
            cast(null as date) as created_on,
            {{ needed_until("marketing_messages", {"event": "sent_on"}, honours_erasure=true) }}
            as needed_until
        from {{ ref("kept_marketing_messages") }}

    ),

    persons as (

        select
            customer_id,
            max(active_on) as last_active_on,
            max(created_on) as created_on,
            max(needed_until) as needed_until
        from activities
        where customer_id is not null and {{ in_scope("person", "customer_id") }}
        group by customer_id

    ),

    needed as (

        select
            customer_id,
            last_active_on,
            greatest(
                needed_until,
                {{
                    needed_until(
                        "customers",
                        {"last_activity": "last_active_on", "account_creation": "created_on"},
                        honours_erasure=true,
                    )
                }}
            ) as needed_until
        from persons

    )

select customer_id, last_active_on, needed_until
from needed
where needed_until > {{ today() }}
