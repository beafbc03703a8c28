{% macro contact_band(messages) -%}
    case
        when {{ messages }} >= {{ setting("contact_limit") }}
        then 'at_limit'
        when {{ messages }} > 0
        then 'some'
        else 'none'
    end
{%- endmacro %}
