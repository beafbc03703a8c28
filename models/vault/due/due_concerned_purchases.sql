{#- Headers of the purchases of which something may be due: a window of the purchase or of its returns has ended, or a
    request or a person concerns it. The only pass over the headers: whatever is due is found among these. -#}
{{ config(materialized="working") }}

select purchase_id, customer_id, file_number, stg_purchases.row_number, purchased_on, purchased_at
from {{ ref("stg_purchases") }} as stg_purchases
where
    {{ first_window_has_ended(["purchases", "returns"], "purchased_on") }}
    or purchase_id in (select purchase_id from {{ ref("erasure_requests") }})
    or purchase_id in (select purchase_id from {{ source("register", "forgotten_lines") }})
    or customer_id in (select customer_id from {{ ref("due_concerned_persons") }})
