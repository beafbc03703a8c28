select
    {{ hmac("purchase", "purchase_id") }} as purchase_pseudonym,
    line_number,
    quantity,
    case
        when reason in ('defect', 'damaged', 'size', 'changed_mind', 'wrong_item')
        then reason
        when reason is null
        then 'unknown'
        else 'other'
    end as reason,
    cast(returned_at as date) as returned_on
from {{ source("landing", "returns") }}
