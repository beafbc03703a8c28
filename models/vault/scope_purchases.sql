{#- Headers of the purchases that this build is about: all of them, or those that are built anew. -#}
{{ config(materialized="working") }}

select
    -- within this build; joins and groups are faster by it
    row_number() over () as purchase_number,
    purchase_id,
    customer_id,
    channel,
    store_id,
    purchased_on,
    purchased_at
from {{ ref("stg_purchases") }}
where {{ in_scope("purchase", "purchase_id") }}
