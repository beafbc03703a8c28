with stg_products as (select * from {{ ref("stg_products") }})

select product_id, category_id, name, cast(list_price as decimal(18, 2)) as list_price
from stg_products
