{#- Until when a person is left in peace, and why: after a return, after a question to after-sales, and while that is open. -#}
{{
    config(
        materialized="updated",
        pre_hook="{{ delete_rebuilt('person', by='pseudonym', domain='marketing', expires='quiet_until') }}",
    )
}}

with

    kept_purchases as (select * from {{ ref("kept_purchases") }}),

    events as (

        select
            support_tickets.customer_id,
            'recent_complaint' as reason,
            {{ visible_until("support_tickets", "marketing", "support_tickets.opened_on") }} as visible_until,
            case
                when support_tickets.closed_at is not null
                then cast(support_tickets.opened_on + interval {{ setting("quiet_days") }} day as date)
            end as quiet_until,
            kept_purchases.purchased_on
        from {{ ref("kept_support_tickets") }} as support_tickets
        left join kept_purchases on support_tickets.purchase_id = kept_purchases.purchase_id

        union all

        select
            customer_id,
            'recent_return' as reason,
            {{ visible_until("returns", "marketing", {"purchase": "purchased_on", "return": "returned_on"}) }}
            as visible_until,
            cast(returned_on + interval {{ setting("quiet_days") }} day as date) as quiet_until,
            purchased_on
        from {{ ref("kept_returns") }}
        where {{ in_scope("person", "customer_id") }}

    ),

    person_pseudonyms as (select * from {{ ref("marketing_person_pseudonyms") }}),

    quiet_persons as (

        select
            {{ pseudonym("person") }} as person_pseudonym,
            events.reason,
            -- what is about a purchase never outlives it
            max(
                least(
                    events.quiet_until,
                    events.visible_until,
                    {{ visible_until("purchases", "marketing", "events.purchased_on") }}
                )
            ) as quiet_until
        from events
        inner join person_pseudonyms on events.customer_id = person_pseudonyms.customer_id
        group by {{ pseudonym("person") }}, events.reason

    )

select *
from quiet_persons
where quiet_until > {{ today() }}
