select
    purchase_pseudonym,
    person_pseudonym,
    product_id,
    category_id,
    channel,
    purchased_on,
    quantity,
    unit_price,
    discount_amount,
    net_amount,
    -- what was returned may expire before the line does
    case when returned_until <= {{ today() }} then 0 else returned_quantity end as returned_quantity
from {{ ref("protected_analytics__purchase_lines") }}
where visible_until > {{ today() }}
