{#- Headers of purchases of which at least one line is kept. -#}
{{ config(materialized="working") }}

select purchase_number, purchase_id, customer_id, channel, purchased_on, purchased_at
from {{ ref("scope_purchases") }}
where purchase_number in (select purchase_number from {{ ref("kept_purchase_lines") }})
