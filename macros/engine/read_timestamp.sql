{% macro read_timestamp(column) -%}
    {#- Four digits of the year: '15-07-26' is no day of the year 15, 'infinity' none at all. After them only an
        offset or Z can hold a sign or a letter; a space before it is common, but the engine does not read it. -#}
    {%- set time_of_day = "substr(trim(" ~ column ~ "), 12)" -%}
    timezone(
        'UTC',
        case
            when substr(trim({{ column }}), 5, 1) <> '-'
            then null
            when regexp_matches({{ time_of_day }}, '[A-Za-z]')
            then
                -- the only zones that are read by name; the engine would ignore others in silence
                case
                    when regexp_full_match({{ time_of_day }}, '[0-9:.]* ?(UTC|GMT|Z|z)')
                    then
                        try_cast(regexp_replace(trim({{ column }}), ' ?(UTC|GMT|Z|z)$', '+00') as timestamptz)
                end
            when contains({{ time_of_day }}, '+') or contains({{ time_of_day }}, '-')
            then try_cast(regexp_replace(trim({{ column }}), ' ([-+])', '\1') as timestamptz)
            else timezone('{{ setting("time_zone") }}', try_cast(trim({{ column }}) as timestamp))
        end
    )
{%- endmacro %}
