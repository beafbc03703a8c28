{% macro visible_until(data_category, purpose, start) -%}
    cast({{ start }} + interval {{ retention_months(data_category, purpose) }} month as date)
{%- endmacro %}
