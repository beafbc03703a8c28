select
    purchase_pseudonym,
    person_pseudonym,
    channel,
    purchased_on,
    line_count,
    quantity,
    discount_amount,
    net_amount
from {{ ref("protected_analytics__purchases") }}
where visible_until > {{ today() }}
