with base_purchase_lines as (select * from {{ ref("base_purchase_lines") }})

select
    purchase_id,
    line_number,
    product_id,
    quantity,
    unit_price,
    discount,
    cast(file_number as integer) as file_number,
    cast(base_purchase_lines.row_number as bigint) as row_number
from base_purchase_lines
where {{ staged("purchase_lines") }}
