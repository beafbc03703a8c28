select purchase_pseudonym
from {{ ref("stg_erasure_requests") }}
where scope = 'purchase'

union

select stg_purchases.purchase_pseudonym
from {{ ref("stg_purchases") }} as stg_purchases
inner join
    {{ ref("stg_erasure_requests") }} as stg_erasure_requests
    on stg_purchases.person_pseudonym = stg_erasure_requests.person_pseudonym
where
    stg_erasure_requests.scope = 'person' and stg_purchases.purchased_at <= stg_erasure_requests.requested_at
