{% macro value_band(amount) -%}
    case
        when {{ amount }} >= {{ setting("value_high") }}
        then 'high'
        when {{ amount }} >= {{ setting("value_middle") }}
        then 'middle'
        else 'low'
    end
{%- endmacro %}
