select product_id, category_id, name, list_price from {{ ref("protected_analytics__products") }}
