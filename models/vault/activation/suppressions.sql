{#- Who must not be addressed for which category, because they asked that what they bought of it be forgotten: until the
    replacement cycle ends, or for as long as the request stands. It stays in the vault: only bigtrust activate reads it. -#}
{{ config(materialized="working") }}

with

    category_cycles as (select * from {{ ref("category_cycles") }}),

    asked as (

        select
            lines.customer_id,
            lines.category_id,
            cast(
                {{ local_date("lines.purchased_at") }} + to_months(category_cycles.months) as date
            ) as suppressed_until
        from {{ ref("erased_purchase_lines") }} as lines
        left join category_cycles on lines.category_id = category_cycles.category_id
        where lines.customer_id is not null and lines.category_id is not null

        union all

        select customer_id, category_id, cast(null as date) as suppressed_until
        from {{ ref("erasure_requests") }}
        where scope = 'category' and state = 'effective'

    )

select
    customer_id,
    category_id,
    -- without a replacement cycle: as long as the request stands
    max(coalesce(suppressed_until, date '9999-12-31')) as suppressed_until
from asked
group by customer_id, category_id
having max(coalesce(suppressed_until, date '9999-12-31')) > {{ today() }}
