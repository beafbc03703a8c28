{% macro read_integer(column) -%} try_cast({{ read_text(column) }} as bigint) {%- endmacro %}
