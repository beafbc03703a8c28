{#- Messages without the footprint of what was forgotten. -#}
{{ config(materialized="scoped") }}

with

    marketing_messages as (

        select * from {{ ref("stg_marketing_messages") }} where {{ in_scope("person", "customer_id") }}

    ),

    scope_purchases as (select * from {{ ref("scope_purchases") }}),

    erased_interests as (select * from {{ ref("erased_interests") }}),

    revealing as (

        select marketing_messages.message_id
        from marketing_messages
        inner join
            erased_interests
            on marketing_messages.customer_id = erased_interests.customer_id
            and marketing_messages.category_id = erased_interests.category_id
        -- what names another purchase that stays is about that purchase, and stays with it
        left join scope_purchases on marketing_messages.purchase_id = scope_purchases.purchase_id
        where
            marketing_messages.sent_at
            between erased_interests.interested_from and erased_interests.interested_until
            and scope_purchases.purchase_id is null

    )

select
    message_id,
    customer_id,
    campaign_id,
    category_id,
    purchase_id,
    channel,
    sent_on,
    sent_at,
    opened_at,
    clicked_at
from marketing_messages
where
    {{ not_of_an_erased_person("marketing_messages.customer_id", "marketing_messages.sent_at") }}
    and {{ names_no_touched_purchase("marketing_messages.purchase_id") }}
    and not exists (select 1 from revealing where revealing.message_id = marketing_messages.message_id)
