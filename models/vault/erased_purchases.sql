{#- Purchases that are forgotten as a whole. -#}
{{ config(materialized="working") }}

with

    erasure_requests as (select * from {{ ref("erasure_requests") }}),

    erased_persons as (select * from {{ ref("erased_persons") }}),

    scope_purchases as (select * from {{ ref("scope_purchases") }})

select scope_purchases.purchase_id
from scope_purchases
inner join erasure_requests on scope_purchases.purchase_id = erasure_requests.purchase_id
where erasure_requests.scope = 'purchase' and erasure_requests.state = 'effective'

union

select scope_purchases.purchase_id
from scope_purchases
inner join erased_persons on scope_purchases.customer_id = erased_persons.customer_id
where scope_purchases.purchased_at <= erased_persons.erased_until
