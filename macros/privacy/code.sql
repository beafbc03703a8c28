{% macro code(column, codes) -%}
    case
        when {{ column }} in ({% for code in codes %}'{{ code }}'{{ ", " if not loop.last }}{% endfor %})
        then {{ column }}
        when {{ column }} is null
        then 'unknown'
        else 'other'
    end
{%- endmacro %}
