select
    {{ hmac("purchase", "purchase_id") }} as purchase_pseudonym,
    line_number,
    product_id,
    quantity,
    unit_price,
    coalesce(discount, 0) as discount_amount,
    quantity * unit_price - coalesce(discount, 0) as net_amount
from {{ source("landing", "purchase_lines") }}
