{% macro read_date(column) -%}
    case
        when regexp_full_match(trim({{ column }}), '\d{4}-\d{2}-\d{2}([ T].*)?')
        then try_cast(left(trim({{ column }}), 10) as date)
    end
{%- endmacro %}
