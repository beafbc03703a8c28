{#- Web events without the footprint of what was forgotten. -#}
{{ config(materialized="scoped") }}

with

    web_events as (

        select
            stg_web_events.event_id,
            stg_web_events.customer_id,
            stg_web_events.purchase_id,
            stg_web_events.event_type,
            stg_web_events.category_id,
            stg_products.category_id as product_category_id,
            stg_web_events.occurred_on,
            stg_web_events.occurred_at
        from {{ ref("stg_web_events") }} as stg_web_events
        left join
            {{ ref("stg_products") }} as stg_products on stg_web_events.product_id = stg_products.product_id
        where {{ in_scope("person", "stg_web_events.customer_id") }}

    ),

    scope_purchases as (select * from {{ ref("scope_purchases") }}),

    erased_interests as (select * from {{ ref("erased_interests") }}),

    revealing as (

        select web_events.event_id
        from web_events
        inner join
            erased_interests
            on web_events.customer_id = erased_interests.customer_id
            and erased_interests.category_id in (web_events.category_id, web_events.product_category_id)
        -- what names another purchase that stays is about that purchase, and stays with it
        left join scope_purchases on web_events.purchase_id = scope_purchases.purchase_id
        where
            web_events.occurred_at
            between erased_interests.interested_from and erased_interests.interested_until
            and scope_purchases.purchase_id is null

    )

select
    event_id,
    customer_id,
    purchase_id,
    event_type,
    coalesce(category_id, product_category_id) as category_id,
    occurred_on,
    occurred_at
from web_events
where
    {{ not_of_an_erased_person("web_events.customer_id", "web_events.occurred_at") }}
    and {{ names_no_touched_purchase("web_events.purchase_id") }}
    and not exists (select 1 from revealing where revealing.event_id = web_events.event_id)
