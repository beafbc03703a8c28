{% macro read_date(column) -%}
    {%- set text = "trim(cast(" ~ column ~ " as varchar))" -%}
    case
        when {{ is_of_type(column, ["DATE", "TIMESTAMP"]) }}
        then
            case
                when try_cast({{ column }} as date) between date '0001-01-01' and date '9999-12-31'
                then try_cast({{ column }} as date)
            end
        when regexp_full_match({{ text }}, '\d{4}-\d{2}-\d{2}([ T].*)?')
        then try_cast(left({{ text }}, 10) as date)
    end
{%- endmacro %}
