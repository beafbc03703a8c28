with base_purchase_lines as (select * from {{ ref("base_purchase_lines") }})

select purchase_id, line_number, product_id, quantity, unit_price, discount
from base_purchase_lines
where {{ staged("purchase_lines") }}
