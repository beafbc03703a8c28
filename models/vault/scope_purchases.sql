{#- Headers of the purchases that this build is about: all of them, or those that are built anew. -#}
{{ config(materialized="working") }}

select
    -- where the header lies: a number within the vault, by which joins and groups are faster
    (cast(file_number as bigint) << 40) + stg_purchases.row_number as purchase_number,
    purchase_id,
    customer_id,
    channel,
    store_id,
    purchased_on,
    purchased_at
from {{ ref("stg_purchases") }} as stg_purchases
where {{ in_scope("purchase", "purchase_id") }}
