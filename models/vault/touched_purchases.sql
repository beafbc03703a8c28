{#- Purchases of which at least one line is forgotten: whatever names them goes altogether. -#}
select purchase_id
from {{ ref("erased_purchase_lines") }}
union
select purchase_id
from {{ ref("erased_purchases") }}
