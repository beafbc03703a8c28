{% macro read_decimal(column) -%}
    try_cast(
        replace(regexp_replace({{ column }}, '[\s\x{00A0}\x{202F}]', '', 'g'), ',', '.') as decimal(18, 4)
    )
{%- endmacro %}
