{% macro read_timestamp(column) -%}
    {#- Four digits of the year: '15-07-26' is no day of the year 15, 'infinity' none at all. After them only an
        offset or Z can hold a sign or a letter; a space before it is common, but the engine does not read it. -#}
    {%- set time_of_day = "substr(trim(" ~ column ~ "), 12)" -%}
    timezone(
        'UTC',
        case
            when substr(trim({{ column }}), 5, 1) <> '-'
            then null
            when
                contains({{ time_of_day }}, 'Z')
                or contains({{ time_of_day }}, '+')
                or contains({{ time_of_day }}, '-')
            then try_cast(regexp_replace(trim({{ column }}), ' ([-+Z])', '\1') as timestamptz)
            else timezone('{{ setting("time_zone") }}', try_cast(trim({{ column }}) as timestamp))
        end
    )
{%- endmacro %}
