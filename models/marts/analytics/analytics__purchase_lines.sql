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
    returned_quantity
from {{ ref("protected_analytics__purchase_lines") }}
where visible_until > {{ today() }}
