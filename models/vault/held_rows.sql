{#- Staged rows that wait: a line for its purchase, a return for its line. -#}
with

    stg_purchases as (select * from {{ ref("stg_purchases") }}),

    stg_purchase_lines as (select * from {{ ref("stg_purchase_lines") }}),

    stg_returns as (select * from {{ ref("stg_returns") }}),

    arrived_lines as (

        select stg_purchase_lines.purchase_id, stg_purchase_lines.line_number
        from stg_purchase_lines
        inner join stg_purchases on stg_purchase_lines.purchase_id = stg_purchases.purchase_id
        where stg_purchase_lines.purchase_id in (select purchase_id from stg_returns)

    )

select 'purchase_lines' as landing_table, count(*) as held
from stg_purchase_lines
where
    not exists (select 1 from stg_purchases where stg_purchases.purchase_id = stg_purchase_lines.purchase_id)

union all

select 'returns' as landing_table, count(*) as held
from stg_returns
where
    not exists (
        select 1
        from arrived_lines
        where
            arrived_lines.purchase_id = stg_returns.purchase_id
            and arrived_lines.line_number = stg_returns.line_number
    )
