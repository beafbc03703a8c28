{#- Persons of whom everything is built anew: those whom a change concerns, and those who are named with a purchase
    that it concerns. Empty unless a build reads only the changes. -#}
{{ config(materialized="working") }}

-- depends_on: {{ ref("base_marketing_messages") }}
-- depends_on: {{ ref("base_purchases") }}
-- depends_on: {{ ref("base_support_tickets") }}
-- depends_on: {{ ref("base_web_events") }}
-- depends_on: {{ ref("changed_customers") }}
-- depends_on: {{ ref("changed_products") }}
-- depends_on: {{ ref("changed_purchases") }}
-- depends_on: {{ ref("changed_requests") }}
-- depends_on: {{ ref("stg_purchases") }}
{% if only_changes() %}
    with

        contacts as (

            select
                customer_id, purchase_id, product_id, event_id as key, 'web_events' as landing_table, is_new
            from {{ ref("base_web_events") }}
            union all
            select customer_id, purchase_id, null, ticket_id, 'support_tickets', is_new
            from {{ ref("base_support_tickets") }}
            union all
            select customer_id, purchase_id, null, message_id, 'marketing_messages', is_new
            from {{ ref("base_marketing_messages") }}

        ),

        changed_purchases as (

            select purchase_id
            from {{ ref("changed_purchases") }}
            union
            select purchase_id
            from {{ ref("stg_purchases") }}
            where
                customer_id in (
                    select customer_id
                    from {{ ref("changed_requests") }}
                    where scope in ('category', 'person')
                )

        ),

        persons as (

            -- whoever bought it, by any header that was ever delivered
            select customer_id
            from {{ ref("base_purchases") }}
            where purchase_id in (select purchase_id from changed_purchases)
            union
            select customer_id
            from {{ ref("changed_requests") }}
            union
            select customer_id
            from {{ ref("changed_customers") }}
            union
            select customer_id
            from contacts
            where (landing_table, key) in (select (landing_table, key) from contacts where is_new)
            union
            select customer_id
            from contacts
            where purchase_id in (select purchase_id from changed_purchases)
            union
            select customer_id
            from contacts
            where product_id in (select product_id from {{ ref("changed_products") }})

        )

    select
        customer_id,
        {{ issue_pseudonym("analytics", "person", "customer_id") }} as person_pseudonym,
        {{ issue_pseudonym("marketing", "person", "customer_id") }} as marketing_person_pseudonym,
        {{ issue_pseudonym("service", "person", "customer_id") }} as service_person_pseudonym
    from persons
    where customer_id is not null
{% else %}
    select
        cast(null as varchar) as customer_id,
        cast(null as uuid) as person_pseudonym,
        cast(null as uuid) as marketing_person_pseudonym,
        cast(null as uuid) as service_person_pseudonym
    where false
{% endif %}
