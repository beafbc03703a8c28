{#- One row per contact of a person with the company; visits without a person are left out. -#}
{{
    config(
        materialized="updated",
        pre_hook="{{ delete_rebuilt('person', by='pseudonym', expires='visible_until') }}",
    )
}}

with

    web_events as (

        select
            customer_id,
            purchase_id,
            occurred_on,
            {{
                code(
                    "event_type",
                    [
                        "page_view",
                        "search",
                        "product_view",
                        "add_to_cart",
                        "checkout",
                        "account",
                        "store_finder",
                    ],
                )
            }} as touchpoint,
            'web' as channel,
            category_id,
            'none' as outcome,
            {{ visible_until("web_events", "analytics", "occurred_on") }} as visible_until
        from {{ ref("kept_web_events") }}

    ),

    support_tickets as (

        select
            customer_id,
            purchase_id,
            opened_on as occurred_on,
            'support_ticket' as touchpoint,
            'support' as channel,
            cast(null as varchar) as category_id,
            case when closed_at is null then 'open' else 'closed' end as outcome,
            {{ visible_until("support_tickets", "analytics", "opened_on") }} as visible_until
        from {{ ref("kept_support_tickets") }}

    ),

    marketing_messages as (

        select
            customer_id,
            purchase_id,
            sent_on as occurred_on,
            'marketing_message' as touchpoint,
            {{ code("channel", ["email", "sms", "post", "app"]) }} as channel,
            category_id,
            case
                when clicked_at is not null
                then 'clicked'
                when opened_at is not null
                then 'opened'
                else 'none'
            end as outcome,
            {{ visible_until("marketing_messages", "analytics", "sent_on") }} as visible_until
        from {{ ref("kept_marketing_messages") }}

    ),

    contacts as (

        select *
        from web_events
        union all
        select *
        from support_tickets
        union all
        select *
        from marketing_messages

    ),

    purchases as (

        select purchase_id, {{ visible_until("purchases", "analytics", "purchased_on") }} as visible_until
        from {{ ref("kept_purchases") }}

    ),

    categories as (select distinct category_id from {{ ref("product_category_tree") }}),

    person_pseudonyms as (select * from {{ ref("person_pseudonyms") }}),

    touchpoints as (

        select
            {{ pseudonym("person") }} as person_pseudonym,
            contacts.occurred_on,
            contacts.touchpoint,
            contacts.channel,
            -- what a page says of its category may be anything; only a known category is one
            categories.category_id,
            contacts.outcome,
            -- a contact about a purchase never outlives it
            least(
                contacts.visible_until, coalesce(purchases.visible_until, contacts.visible_until)
            ) as visible_until
        from contacts
        inner join person_pseudonyms on contacts.customer_id = person_pseudonyms.customer_id
        left join purchases on contacts.purchase_id = purchases.purchase_id
        left join categories on contacts.category_id = categories.category_id

    )

select *
from touchpoints
where visible_until > {{ today() }}
