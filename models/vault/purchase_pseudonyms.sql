{#- One pseudonym per purchase in the domain analytics, computed once. -#}
with purchases as (select distinct purchase_id from {{ ref("kept_purchase_lines") }})

select purchase_id, {{ issue_pseudonym("analytics", "purchase", "purchase_id") }} as purchase_pseudonym
from purchases
