{% macro read_text(column) -%}
    {#- Spaces of every kind around an identifier are no part of it: tab, line ends, no-break, zero-width, ideographic. -#}
    nullif(
        trim(
            {{ column }},
            ' '
            || chr(9)
            || chr(10)
            || chr(13)
            || chr(160)
            || chr(8203)
            || chr(8239)
            || chr(12288)
            || chr(65279)
        ),
        ''
    )
{%- endmacro %}
