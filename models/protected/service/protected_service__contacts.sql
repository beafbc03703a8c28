{#- What somebody asked after-sales; no text of theirs. A question about a purchase never outlives it. -#}
{{
    config(
        materialized="updated",
        pre_hook="{{ delete_rebuilt('person', by='pseudonym', domain='service', expires='visible_until') }}",
    )
}}

with

    support_tickets as (select * from {{ ref("kept_support_tickets") }}),

    kept_purchases as (select * from {{ ref("kept_purchases") }}),

    person_pseudonyms as (select * from {{ ref("service_person_pseudonyms") }}),

    contacts as (

        select
            {{ pseudonym("person") }} as person_pseudonym,
            {{
                code(
                    "support_tickets.topic",
                    ["delivery", "defect", "warranty", "invoice", "return", "account", "privacy"],
                )
            }} as topic,
            case
                when support_tickets.satisfaction between 1 and 5
                then cast(support_tickets.satisfaction as integer)
            end as satisfaction,
            support_tickets.closed_at is null as is_open,
            support_tickets.opened_on,
            least(
                {{ visible_until("support_tickets", "service", "support_tickets.opened_on") }},
                {{ visible_until("purchases", "service", "kept_purchases.purchased_on") }}
            ) as visible_until
        from support_tickets
        inner join person_pseudonyms on support_tickets.customer_id = person_pseudonyms.customer_id
        left join kept_purchases on support_tickets.purchase_id = kept_purchases.purchase_id

    )

select *
from contacts
where visible_until > {{ today() }}
