select sold_on, store_id, channel, purchase_count, line_count, gross_amount, discount_amount, net_amount
from {{ ref("protected_finance__daily_totals") }}
where visible_until > {{ today() }}
