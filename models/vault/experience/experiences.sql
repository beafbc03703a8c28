{#- What persons experienced with the company, by month: how long they waited for an answer, how satisfied they were, what they
    brought back, what was sent to them. From what is kept only, as long as insights need it. -#}
{{
    config(
        materialized="updated",
        pre_hook="{{ delete_rebuilt('person', by='pseudonym', expires='visible_until') }}",
    )
}}

with

    kept_purchases as (select * from {{ ref("kept_purchases") }}),

    support_tickets as (

        select
            support_tickets.customer_id,
            support_tickets.satisfaction,
            {{ local_date("support_tickets.closed_at") }} - support_tickets.opened_on as days_to_answer,
            {{ month("support_tickets.opened_on") }} as happened_month,
            kept_purchases.purchased_on
        from {{ ref("kept_support_tickets") }} as support_tickets
        left join kept_purchases on support_tickets.purchase_id = kept_purchases.purchase_id

    ),

    events as (

        select
            customer_id,
            'questions' as measure,
            1 as value,
            happened_month,
            purchased_on,
            {{ visible_until("support_tickets", "insights", "happened_month") }} as visible_until
        from support_tickets

        union all

        select
            customer_id,
            'satisfaction' as measure,
            satisfaction as value,
            happened_month,
            purchased_on,
            {{ visible_until("support_tickets", "insights", "happened_month") }} as visible_until
        from support_tickets
        where satisfaction between 1 and 5

        union all

        select
            customer_id,
            'days_to_answer' as measure,
            days_to_answer as value,
            happened_month,
            purchased_on,
            {{ visible_until("support_tickets", "insights", "happened_month") }} as visible_until
        from support_tickets
        where days_to_answer >= 0

        union all

        select
            customer_id,
            'returns' as measure,
            1 as value,
            {{ month("returned_on") }} as happened_month,
            purchased_on,
            {{
                visible_until(
                    "returns",
                    "insights",
                    {"purchase": month("purchased_on"), "return": month("returned_on")},
                )
            }} as visible_until
        from {{ ref("kept_returns") }}
        where {{ in_scope("person", "customer_id") }}

        union all

        select
            messages.customer_id,
            'messages' as measure,
            1 as value,
            {{ month("messages.sent_on") }} as happened_month,
            kept_purchases.purchased_on,
            {{ visible_until("marketing_messages", "insights", month("messages.sent_on")) }} as visible_until
        from {{ ref("kept_marketing_messages") }} as messages
        left join kept_purchases on messages.purchase_id = kept_purchases.purchase_id

    ),

    person_pseudonyms as (select * from {{ ref("person_pseudonyms") }}),

    experiences as (

        select
            {{ pseudonym("person") }} as person_pseudonym,
            events.measure,
            cast(events.value as integer) as value,
            events.happened_month,
            -- what is about a purchase never outlives it
            least(
                events.visible_until,
                {{ visible_until("purchases", "insights", month("events.purchased_on")) }}
            ) as visible_until
        from events
        inner join person_pseudonyms on events.customer_id = person_pseudonyms.customer_id

    )

select *
from experiences
where visible_until > {{ today() }}
