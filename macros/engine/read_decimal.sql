{% macro read_decimal(column) -%}
    coalesce(
        try_cast({{ column }} as decimal(18, 4)),
        try_cast(
            replace(
                regexp_replace(cast({{ column }} as varchar), '[\s\x{00A0}\x{202F}]', '', 'g'), ',', '.'
            ) as decimal(18, 4)
        )
    )
{%- endmacro %}
