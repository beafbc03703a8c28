{#- What marketing sent to whom it may see, as long as it may look back at it. -#}
{{
    config(
        materialized="updated",
        pre_hook="{{ delete_rebuilt('person', by='pseudonym', domain='marketing', expires='visible_until') }}",
    )
}}

with

    kept_marketing_messages as (select * from {{ ref("kept_marketing_messages") }}),

    kept_purchases as (select * from {{ ref("kept_purchases") }}),

    person_pseudonyms as (select * from {{ ref("marketing_person_pseudonyms") }}),

    messages as (

        select
            {{ pseudonym("person") }} as person_pseudonym,
            kept_marketing_messages.campaign_id,
            {{ contact_channel("kept_marketing_messages.channel") }} as channel,
            kept_marketing_messages.opened_at is not null
            or kept_marketing_messages.clicked_at is not null as is_opened,
            kept_marketing_messages.clicked_at is not null as is_clicked,
            kept_marketing_messages.sent_on,
            -- all messages of a month expire together; one about a purchase never outlives it
            least(
                {{
                    visible_until(
                        "marketing_messages", "marketing", month("kept_marketing_messages.sent_on")
                    )
                }},
                {{ visible_until("purchases", "marketing", "kept_purchases.purchased_on") }}
            ) as visible_until
        from kept_marketing_messages
        inner join person_pseudonyms on kept_marketing_messages.customer_id = person_pseudonyms.customer_id
        left join kept_purchases on kept_marketing_messages.purchase_id = kept_purchases.purchase_id

    )

select *
from messages
where visible_until > {{ today() }}
