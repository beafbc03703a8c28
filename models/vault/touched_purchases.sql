{#- Purchases of which at least one line is forgotten: whatever names them goes altogether. A purchase that somebody
    asked to forget counts too while it has not arrived, and after the source system has deleted it. -#}
{{ config(materialized="working") }}

select purchase_id
from {{ ref("erased_purchase_lines") }}
union
select purchase_id
from {{ ref("erased_purchases") }}
union
select purchase_id
from {{ ref("erasure_requests") }}
where scope in ('purchase', 'purchase_line') and state in ('effective', 'pending')
