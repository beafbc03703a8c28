with stg_product_categories as (select * from {{ ref("stg_product_categories") }})

select category_id, name, parent_category_id, replacement_cycle_months
from stg_product_categories
