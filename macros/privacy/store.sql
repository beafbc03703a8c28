{% macro store(store_id) -%} coalesce({{ store_id }}, 'none') {%- endmacro %}
