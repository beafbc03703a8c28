with base_returns as (select * from {{ ref("base_returns") }})

select
    return_id,
    purchase_id,
    line_number,
    reason,
    quantity,
    cast(file_number as integer) as file_number,
    cast(base_returns.row_number as bigint) as row_number,
    returned_on,
    returned_at
from base_returns
where {{ staged("returns") }}
