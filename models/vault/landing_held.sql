{#- Staged rows that wait: a line for its purchase, a return for its line. Positions only, no value. -#}
{{ config(materialized="updated", pre_hook="{{ delete_held_of_scope() }}") }}

with stg_returns as (select * from {{ ref("stg_returns") }} where {{ in_scope("purchase", "purchase_id") }})

select 'purchase_lines' as landing_table, file_number, scope_purchase_lines.row_number
from {{ ref("scope_purchase_lines") }} as scope_purchase_lines
where purchase_number is null

union all

select 'returns' as landing_table, stg_returns.file_number, stg_returns.row_number
from stg_returns
left join
    {{ ref("scope_purchases") }} as scope_purchases on stg_returns.purchase_id = scope_purchases.purchase_id
where
    not exists (
        select 1
        from {{ ref("scope_purchase_lines") }} as arrived
        where
            arrived.purchase_number = scope_purchases.purchase_number
            and arrived.line_number = stg_returns.line_number
    )
