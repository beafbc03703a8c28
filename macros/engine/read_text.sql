{% macro read_text(column) -%}
    {#- Spaces of every kind around an identifier are no part of it: tab, line ends, no-break, zero-width, ideographic.
        Nearly every text begins and ends with a visible ASCII character: that is asked first, for it is fast. -#}
    {%- set text = "cast(" ~ column ~ " as varchar)" -%}
    case
        when
            {{ is_of_type(column, ["BIGINT", "INTEGER"]) }}
            or ({{ text }} between '!' and '~~' and {{ text }} [-1] between '!' and '~')
        then {{ text }}
        else
            nullif(
                trim(
                    {{ text }},
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
    end
{%- endmacro %}
