{% macro one_bit(number) -%}
    case
        when regexp_full_match({{ number }}, '[1-9]|[1-5][0-9]')
        then cast(1 as bigint) << cast({{ number }} as bigint)
    end
{%- endmacro %}
