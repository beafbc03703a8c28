{% macro one_bit(number) -%}
    case
        when strlen({{ number }}) = 1 or (strlen({{ number }}) = 2 and {{ number }} < '60')
        then cast(1 as bigint) << try_cast({{ number }} as utinyint)
    end
{%- endmacro %}
