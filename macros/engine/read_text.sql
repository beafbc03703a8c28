{% macro read_text(column) -%} nullif(trim({{ column }}), '') {%- endmacro %}
