with base_purchases as (select * from {{ ref("base_purchases") }})

select purchase_id, customer_id, channel, store_id, payment_reference, purchased_on, purchased_at
from base_purchases
where {{ staged("purchases") }}
