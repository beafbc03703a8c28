{% macro retention_months(data_category, purpose) -%}
    {{ retention_window(data_category, purpose).months }}
{%- endmacro %}
