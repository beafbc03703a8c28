select category_id, name, parent_category_id, replacement_cycle_months
from {{ ref("protected_analytics__product_categories") }}
