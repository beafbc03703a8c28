{% macro read_timestamp(column) -%}
    {#- An offset (or Z) can only stand after the date; words such as 'infinity' begin with no digit. -#}
    {%- set time_of_day = "substr(trim(" ~ column ~ "), 12)" -%}
    timezone(
        'UTC',
        case
            when
                contains({{ time_of_day }}, 'Z')
                or contains({{ time_of_day }}, '+')
                or contains({{ time_of_day }}, '-')
            then try_cast(trim({{ column }}) as timestamptz)
            when left(trim({{ column }}), 1) between '0' and '9'
            then timezone('{{ setting("time_zone") }}', try_cast(trim({{ column }}) as timestamp))
        end
    )
{%- endmacro %}
