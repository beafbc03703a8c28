with base_purchases as (select * from {{ ref("base_purchases") }})

select
    purchase_id,
    customer_id,
    channel,
    store_id,
    payment_reference,
    cast(file_number as integer) as file_number,
    cast(base_purchases.row_number as bigint) as row_number,
    purchased_on,
    purchased_at
from base_purchases
where {{ staged("purchases") }}
