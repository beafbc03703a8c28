with base_products as (select * from {{ ref("base_products") }})

select product_id, category_id, name, list_price
from base_products
where {{ staged("products") }}
