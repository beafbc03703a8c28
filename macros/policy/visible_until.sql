{% macro visible_until(data_category, purpose, start) -%}
    {%- set start = start_of(data_category, purpose, start) if start is mapping else start -%}
    cast({{ start }} + interval {{ retention_months(data_category, purpose) }} month as date)
{%- endmacro %}
