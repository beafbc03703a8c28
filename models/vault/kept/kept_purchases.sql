{#- Headers of purchases of which at least one line is kept, and what the kept ones cost. -#}
{{ config(materialized="working") }}

select
    scope_purchases.purchase_number,
    scope_purchases.purchase_id,
    scope_purchases.customer_id,
    scope_purchases.channel,
    purchase_sums.kept_net_amount as net_amount,
    scope_purchases.purchased_on,
    scope_purchases.purchased_at
from {{ ref("scope_purchases") }} as scope_purchases
inner join
    {{ ref("purchase_sums") }} as purchase_sums
    on scope_purchases.purchase_number = purchase_sums.purchase_number
where purchase_sums.kept_line_count > 0
