{% macro unneeded_since() -%}
    case
        when forgotten_on is null
        then needed_until
        else least(needed_until, greatest(duty_until, forgotten_on))
    end
{%- endmacro %}
