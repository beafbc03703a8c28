{% macro staged(landing_table) -%}
    not exists (
        select 1
        from {{ ref("landing_set_aside") }} as set_aside
        where
            set_aside.landing_table = '{{ landing_table }}'
            and set_aside.file_number = base_{{ landing_table }}.file_number
            and set_aside.row_number = base_{{ landing_table }}.row_number
    )
{%- endmacro %}
