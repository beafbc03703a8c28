with base_marketing_messages as (select * from {{ ref("base_marketing_messages") }})

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
from base_marketing_messages
where {{ staged("marketing_messages") }}
