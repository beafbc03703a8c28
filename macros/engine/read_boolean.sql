{% macro read_boolean(column) -%}
    case
        when lower(trim({{ column }})) in ('true', 't', 'yes', 'oui', '1')
        then true
        when lower(trim({{ column }})) in ('false', 'f', 'no', 'non', '0')
        then false
    end
{%- endmacro %}
