with base_marketing_messages as (select * from {{ ref("base_marketing_messages") }})

select
    message_id,
    customer_id,
    campaign_id,
    category_id,
    purchase_id,
    channel,
    cast(file_number as integer) as file_number,
    cast(base_marketing_messages.row_number as bigint) as row_number,
    sent_on,
    sent_at,
    opened_at,
    clicked_at
from base_marketing_messages
where {{ staged("marketing_messages") }}
