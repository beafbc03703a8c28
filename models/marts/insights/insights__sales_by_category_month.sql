select sold_month, category_id, category_name, purchase_count, quantity, net_amount
from {{ ref("protected_insights__sales_by_category_month") }}
where visible_until > {{ today() }}
