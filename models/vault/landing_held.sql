{#- Staged rows that wait: a line for its purchase, a return for its line. Positions only, no value. -#}
{{ config(materialized="updated", pre_hook="{{ delete_held_of_scope() }}") }}

select 'purchase_lines' as landing_table, file_number, scope_purchase_lines.row_number
from {{ ref("scope_purchase_lines") }} as scope_purchase_lines
where purchase_number is null

union all

select 'returns' as landing_table, file_number, scope_returns.row_number
from {{ ref("scope_returns") }} as scope_returns
where purchase_number is null
