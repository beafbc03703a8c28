with base_returns as (select * from {{ ref("base_returns") }})

select return_id, purchase_id, line_number, reason, quantity, returned_on, returned_at
from base_returns
where {{ staged("returns") }}
