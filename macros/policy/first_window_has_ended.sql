{% macro first_window_has_ended(data_categories, start) -%}
    {%- set months = [] -%}
    {%- for data_category, windows in retention_policy().items() if data_category in data_categories -%}
        {%- do months.extend(windows | map(attribute="months") | map("int")) -%}
    {%- endfor -%}
    {%- if months -%} cast({{ start }} + interval {{ months | min }} month as date) <= {{ today() }}
    {%- else -%} false
    {%- endif -%}
{%- endmacro %}
