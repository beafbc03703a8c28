select category_id, name, parent_category_id, cast(null as integer) as replacement_cycle_months
from {{ source("landing", "product_categories") }}
