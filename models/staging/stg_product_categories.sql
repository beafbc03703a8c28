with base_product_categories as (select * from {{ ref("base_product_categories") }})

select category_id, name, parent_category_id, replacement_cycle_months
from base_product_categories
where {{ staged("product_categories") }}
