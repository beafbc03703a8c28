select sold_month, region, purchase_count, net_amount
from {{ ref("protected_insights__sales_by_region_month") }}
where visible_until > {{ today() }}
