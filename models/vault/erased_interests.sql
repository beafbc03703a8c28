{#- The category and the days around a forgotten line, in which the person's interest in it would reveal it. -#}
{{ config(materialized="working") }}

with erased_purchase_lines as (select * from {{ ref("erased_purchase_lines") }})

select distinct
    customer_id,
    category_id,
    purchased_at - interval {{ setting("interest_window_days") }} day as interested_from,
    purchased_at + interval {{ setting("interest_window_days") }} day as interested_until
from erased_purchase_lines
where customer_id is not null and category_id is not null
