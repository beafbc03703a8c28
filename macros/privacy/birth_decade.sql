{% macro birth_decade(birth_date) -%}
    case
        when {{ birth_date }} between date '1900-01-01' and {{ today() }}
        then cast(floor(extract(year from {{ birth_date }}) / 10) * 10 as integer)
    end
{%- endmacro %}
