{% macro delete_held_of_scope() -%}
    {%- set lines = ref("scope_purchase_lines") -%}
    {%- set returns = ref("scope_returns") -%}
    {%- set set_aside = ref("landing_set_aside") -%}
    {%- if only_changes() -%}
        delete from {{ this }} as held
        where
            (landing_table, file_number, row_number) in (
                select ('purchase_lines', file_number, row_number)
                from {{ lines }}
                union all
                select ('returns', file_number, row_number)
                from {{ returns }}
                union all
                select (landing_table, file_number, row_number)
                from {{ set_aside }}
            )
    {%- endif -%}
{%- endmacro %}
