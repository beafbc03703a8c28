{% macro read_boolean(column) -%}
    case
        when lower(trim(cast({{ column }} as varchar))) in ('true', 't', 'yes', 'oui', '1')
        then true
        when lower(trim(cast({{ column }} as varchar))) in ('false', 'f', 'no', 'non', '0')
        then false
    end
{%- endmacro %}
