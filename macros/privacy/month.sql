{% macro month(moment) -%} cast(date_trunc('month', {{ moment }}) as date) {%- endmacro %}
