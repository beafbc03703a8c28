select
    purchase_id,
    customer_id,
    channel,
    purchased_on,
    count(*) as line_count,
    sum(quantity) as quantity,
    sum(discount_amount) as discount_amount,
    sum(net_amount) as net_amount
from {{ ref("purchase_lines") }}
group by purchase_id, customer_id, channel, purchased_on
