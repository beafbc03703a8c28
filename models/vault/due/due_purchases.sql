{#- Every purchase: since when it is forgotten as a whole (empty: it stays), and until when the policy needs it. -#}
with

    erasure_requests as (select * from {{ ref("erasure_requests") }} where state = 'effective'),

    stg_purchases as (select * from {{ ref("stg_purchases") }}),

    asked as (

        select purchase_id, cast(requested_at as date) as forgotten_on
        from erasure_requests
        where scope = 'purchase'

        union all

        select stg_purchases.purchase_id, cast(erasure_requests.requested_at as date) as forgotten_on
        from stg_purchases
        inner join erasure_requests on stg_purchases.customer_id = erasure_requests.customer_id
        where
            erasure_requests.scope = 'person' and stg_purchases.purchased_at <= erasure_requests.requested_at

        union all

        -- a purchase of which no line stays
        select purchase_id, max(forgotten_on) as forgotten_on
        from {{ ref("due_lines") }}
        group by purchase_id
        having count(*) = count(forgotten_on)

    ),

    forgotten as (select purchase_id, min(forgotten_on) as forgotten_on from asked group by purchase_id)

select
    stg_purchases.purchase_id,
    stg_purchases.customer_id,
    stg_purchases.purchased_on,
    case
        when forgotten.forgotten_on is not null
        then greatest(forgotten.forgotten_on, stg_purchases.purchased_on)
    end as forgotten_on,
    {{ needed_until("purchases", {"purchase": "stg_purchases.purchased_on"}) }} as needed_until,
    -- the purposes that do not honour erasure know no person
    {{ needed_until("purchases", {"purchase": "stg_purchases.purchased_on"}, honours_erasure=true) }}
    as person_needed_until,
    {{ needed_until("purchases", {"purchase": "stg_purchases.purchased_on"}, honours_erasure=false) }}
    as duty_until
from stg_purchases
left join forgotten on stg_purchases.purchase_id = forgotten.purchase_id
