{% macro read_timestamp(column) -%}
    {#- Four digits of the year: '15-07-26' is no day of the year 15, 'infinity' none at all. After them only an
        offset or Z can hold a sign or a letter; a space before it is common, but the engine does not read it. -#}
    {%- set text = "trim(cast(" ~ column ~ " as varchar))" -%}
    {%- set time_of_day = "substr(" ~ text ~ ", 12)" -%}
    timezone(
        'UTC',
        case
            when {{ is_of_type(column, ["TIMESTAMP", "DATE"]) }}
            then
                case
                    when
                        try_cast({{ column }} as timestamp)
                        between timestamp '0001-01-01 00:00:00' and timestamp '9999-12-31 23:59:59.999999'
                    then timezone('{{ setting("time_zone") }}', try_cast({{ column }} as timestamp))
                end
            when substr({{ text }}, 5, 1) <> '-'
            then null
            when regexp_matches({{ time_of_day }}, '[A-Za-z]')
            then
                -- the only zones that are read by name; the engine would ignore others in silence
                case
                    when regexp_full_match({{ time_of_day }}, '[0-9:.]* ?(UTC|GMT|Z|z)')
                    then try_cast(regexp_replace({{ text }}, ' ?(UTC|GMT|Z|z)$', '+00') as timestamptz)
                end
            when contains({{ time_of_day }}, '+') or contains({{ time_of_day }}, '-')
            then try_cast(regexp_replace({{ text }}, ' ([-+])', '\1') as timestamptz)
            else timezone('{{ setting("time_zone") }}', try_cast({{ text }} as timestamp))
        end
    )
{%- endmacro %}
