{#- Purchases that are forgotten as a whole. -#}
with

    erasure_requests as (select * from {{ ref("erasure_requests") }}),

    erased_persons as (select * from {{ ref("erased_persons") }}),

    stg_purchases as (select * from {{ ref("stg_purchases") }})

select stg_purchases.purchase_id
from stg_purchases
inner join erasure_requests on stg_purchases.purchase_id = erasure_requests.purchase_id
where erasure_requests.scope = 'purchase' and erasure_requests.state = 'effective'

union

select stg_purchases.purchase_id
from stg_purchases
inner join erased_persons on stg_purchases.customer_id = erased_persons.customer_id
where stg_purchases.purchased_at <= erased_persons.erased_until
