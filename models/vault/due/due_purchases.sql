{#- Purchases of which something may be due: since when it is forgotten as a whole (empty: it stays), and until when the policy needs it. -#}
{{ config(materialized="working") }}

with

    due_requests as (select * from {{ ref("erasure_requests") }} where state = 'effective'),

    concerned_purchases as (select * from {{ ref("due_concerned_purchases") }}),

    asked as (

        select purchase_id, cast(requested_at as date) as forgotten_on
        from due_requests
        where scope = 'purchase'

        union all

        select concerned_purchases.purchase_id, cast(due_requests.requested_at as date) as forgotten_on
        from concerned_purchases
        inner join due_requests on concerned_purchases.customer_id = due_requests.customer_id
        where due_requests.scope = 'person' and concerned_purchases.purchased_at <= due_requests.requested_at

        union all

        -- a purchase of which no line stays
        select purchase_id, max(forgotten_on) as forgotten_on
        from {{ ref("due_lines") }}
        where is_landed
        group by purchase_id
        having count(*) = count(forgotten_on)

    ),

    forgotten as (select purchase_id, min(forgotten_on) as forgotten_on from asked group by purchase_id)

select
    concerned_purchases.purchase_id,
    concerned_purchases.customer_id,
    concerned_purchases.file_number,
    concerned_purchases.row_number,
    concerned_purchases.purchased_on,
    case
        when forgotten.forgotten_on is not null
        then greatest(forgotten.forgotten_on, concerned_purchases.purchased_on)
    end as forgotten_on,
    {{ needed_until("purchases", {"purchase": "concerned_purchases.purchased_on"}) }} as needed_until,
    -- the purposes that do not honour erasure know no person
    {{ needed_until("purchases", {"purchase": "concerned_purchases.purchased_on"}, honours_erasure=true) }}
    as person_needed_until,
    {{ needed_until("purchases", {"purchase": "concerned_purchases.purchased_on"}, honours_erasure=false) }}
    as duty_until
from concerned_purchases
left join forgotten on concerned_purchases.purchase_id = forgotten.purchase_id
