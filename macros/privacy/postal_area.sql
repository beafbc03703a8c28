{% macro postal_area(postal_code) -%}
    case
        when left({{ postal_code }}, 2) = '97' then left({{ postal_code }}, 3) else left({{ postal_code }}, 2)
    end
{%- endmacro %}
