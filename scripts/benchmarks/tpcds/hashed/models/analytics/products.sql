select product_id, category_id, name, list_price from {{ source("landing", "products") }}
