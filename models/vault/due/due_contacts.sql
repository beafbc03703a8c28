{#- Web events, tickets, messages and returns of which something may be due: since when each is forgotten (empty: it
    stays), and until when the policy needs it, by itself and with the purchase that it names. What is forgotten is what
    models/vault/kept/ leaves out. One pass over each table. -#}
{{ config(materialized="working") }}

with

    -- what a pending request will take along is hidden, and not deleted: it may be refused, or a mistake
    due_requests as (select * from {{ ref("erasure_requests") }} where state = 'effective'),

    erased_persons as (

        select customer_id, max(requested_at) as erased_until
        from due_requests
        where scope = 'person'
        group by customer_id

    ),

    due_purchases as (select * from {{ ref("due_purchases") }}),

    forgotten_lines as (select * from {{ ref("due_lines") }} where forgotten_on is not null),

    touched as (

        select purchase_id, forgotten_on
        from forgotten_lines
        union all
        select purchase_id, forgotten_on
        from due_purchases
        where forgotten_on is not null
        union all
        select purchase_id, cast(requested_at as date) as forgotten_on
        from due_requests
        where scope in ('purchase', 'purchase_line')

    ),

    touched_purchases as (

        select purchase_id, min(forgotten_on) as forgotten_on from touched group by purchase_id

    ),

    erased_interests as (

        select
            customer_id,
            category_id,
            purchased_at - interval {{ setting("interest_window_days") }} day as interested_from,
            purchased_at + interval {{ setting("interest_window_days") }} day as interested_until,
            forgotten_on
        from forgotten_lines
        where customer_id is not null and category_id is not null

    ),

    concerned_purchases as (

        select purchase_id
        from due_purchases
        union
        select purchase_id
        from touched_purchases

    ),

    concerned_persons as (

        select customer_id
        from {{ ref("due_concerned_persons") }}
        union
        select customer_id
        from erased_interests

    ),

    contacts as (

        select
            'web_events' as landing_table,
            stg_web_events.event_id as contact_id,
            stg_web_events.customer_id,
            stg_web_events.purchase_id,
            stg_web_events.category_id,
            stg_products.category_id as product_category_id,
            stg_web_events.file_number,
            stg_web_events.row_number,
            true as is_activity,
            stg_web_events.occurred_on as happened_on,
            stg_web_events.occurred_at as happened_at
        from {{ ref("stg_web_events") }} as stg_web_events
        left join
            {{ ref("stg_products") }} as stg_products on stg_web_events.product_id = stg_products.product_id
        where
            {{ needed_until("web_events", {"event": "stg_web_events.occurred_on"}) }} <= {{ today() }}
            or stg_web_events.purchase_id in (select purchase_id from concerned_purchases)
            or stg_web_events.customer_id in (select customer_id from concerned_persons)

        union all

        select
            'support_tickets' as landing_table,
            ticket_id as contact_id,
            customer_id,
            purchase_id,
            cast(null as varchar) as category_id,
            cast(null as varchar) as product_category_id,
            file_number,
            stg_support_tickets.row_number,
            true as is_activity,
            opened_on as happened_on,
            opened_at as happened_at
        from {{ ref("stg_support_tickets") }} as stg_support_tickets
        where
            {{ needed_until("support_tickets", {"event": "opened_on"}) }} <= {{ today() }}
            or purchase_id in (select purchase_id from concerned_purchases)
            or customer_id in (select customer_id from concerned_persons)

        union all

        select
            'marketing_messages' as landing_table,
            message_id as contact_id,
            customer_id,
            purchase_id,
            category_id,
            cast(null as varchar) as product_category_id,
            file_number,
            stg_marketing_messages.row_number,
            false as is_activity,
            sent_on as happened_on,
            sent_at as happened_at
        from {{ ref("stg_marketing_messages") }} as stg_marketing_messages
        where
            {{ needed_until("marketing_messages", {"event": "sent_on"}) }} <= {{ today() }}
            or purchase_id in (select purchase_id from concerned_purchases)
            or customer_id in (select customer_id from concerned_persons)

    ),

    of_interest as (

        select
            contacts.landing_table, contacts.contact_id, contacts.purchase_id, erased_interests.forgotten_on
        from contacts
        inner join
            erased_interests
            on contacts.customer_id = erased_interests.customer_id
            and erased_interests.category_id in (contacts.category_id, contacts.product_category_id)
        where
            contacts.happened_at
            between erased_interests.interested_from and erased_interests.interested_until

    ),

    -- what names another purchase that stays is about that purchase, and stays with it
    arrived_purchases as (

        select purchase_id
        from {{ ref("stg_purchases") }}
        where purchase_id in (select purchase_id from of_interest where purchase_id is not null)

    ),

    revealing as (

        select landing_table, contact_id, min(forgotten_on) as forgotten_on
        from of_interest
        where
            not exists (
                select 1 from arrived_purchases where arrived_purchases.purchase_id = of_interest.purchase_id
            )
        group by landing_table, contact_id

    ),

    dated as (

        select
            contacts.landing_table,
            contacts.contact_id,
            contacts.customer_id,
            contacts.purchase_id,
            contacts.file_number,
            contacts.row_number,
            contacts.is_activity,
            contacts.happened_on,
            due_purchases.purchased_on,
            least(
                case
                    when contacts.happened_at <= erased_persons.erased_until
                    then cast(erased_persons.erased_until as date)
                end,
                touched_purchases.forgotten_on,
                revealing.forgotten_on
            ) as requested_on
        from contacts
        left join due_purchases on contacts.purchase_id = due_purchases.purchase_id
        left join erased_persons on contacts.customer_id = erased_persons.customer_id
        left join touched_purchases on contacts.purchase_id = touched_purchases.purchase_id
        left join
            revealing
            on contacts.landing_table = revealing.landing_table
            and contacts.contact_id = revealing.contact_id

        union all

        -- a return is its line's
        select
            'returns' as landing_table,
            stg_returns.return_id as contact_id,
            due_purchases.customer_id,
            stg_returns.purchase_id,
            stg_returns.file_number,
            stg_returns.row_number,
            true as is_activity,
            stg_returns.returned_on as happened_on,
            due_purchases.purchased_on,
            forgotten_lines.forgotten_on as requested_on
        from {{ ref("stg_returns") }} as stg_returns
        left join due_purchases on stg_returns.purchase_id = due_purchases.purchase_id
        left join
            forgotten_lines
            on stg_returns.purchase_id = forgotten_lines.purchase_id
            and stg_returns.line_number = forgotten_lines.line_number
        where
            stg_returns.purchase_id in (select purchase_id from concerned_purchases)
            or {{
                needed_until(
                    "returns",
                    {"purchase": "cast(null as date)", "return": "stg_returns.returned_on"},
                )
            }} <= {{ today() }}

    )

select
    landing_table,
    contact_id,
    customer_id,
    purchase_id,
    file_number,
    dated.row_number,
    is_activity,
    happened_on,
    case when requested_on is not null then greatest(requested_on, happened_on) end as forgotten_on,
    {% for name, purchased_on, honours_erasure in [
        ("needed_until", none, none),
        ("needed_with_purchase_until", "purchased_on", none),
        ("duty_until", none, false),
    ] -%}
        case
            landing_table
            {% for table in ["web_events", "support_tickets", "marketing_messages"] -%}
                when '{{ table }}'
                then {{ needed_until(table, {"event": "happened_on"}, purchased_on, honours_erasure) }}
            {% endfor -%}
            when 'returns'
            then
                {{
                    needed_until(
                        "returns",
                        {"purchase": "purchased_on", "return": "happened_on"},
                        purchased_on,
                        honours_erasure,
                    )
                }}
        end as {{ name }}{{ "," if not loop.last }}
    {% endfor %}
from dated
