{% macro reject_reason(
    required,
    timestamps=[],
    dates=[],
    decimals=[],
    integers=[],
    booleans=[],
    may_be_ahead=[],
    also={}
) -%}
    {#- A column that was read into nothing is unreadable if something was landed in it, and missing otherwise. Nearly
        every row is fine: that is asked first, in a way that reads each column once. -#}
    {%- set typed = timestamps + dates + decimals + integers + booleans -%}
    {%- set fine = [] -%}
    {%- for column in required if column not in typed -%}
        {%- do fine.append(column ~ " is not null") -%}
    {%- endfor -%}
    {%- for column in typed -%}
        {%- if column in timestamps -%}
            {%- set ahead = "timezone('UTC', now()) + interval 1 day" -%}
            {%- set latest = "timestamp '9999-12-31 23:59:59'" if column in may_be_ahead else ahead -%}
            {%- set is_fine = column ~ " between timestamp '1900-01-01 00:00:00' and " ~ latest -%}
        {%- elif column in decimals -%} {%- set is_fine = "abs(" ~ column ~ ") <= 10000000" -%}
        {%- else -%} {%- set is_fine = column ~ " is not null" -%}
        {%- endif -%}
        {%- do fine.append(
            is_fine if column in required else "(landed_" ~ column ~ " is null or " ~ is_fine ~ ")"
        ) -%}
    {%- endfor -%}
    {%- for condition in also.values() -%}
        {%- do fine.append("coalesce(" ~ condition ~ ", false) = false") -%}
    {%- endfor -%}
    case
        when {{ fine | join(" and ") }}
        then null
        {%- for column in timestamps + dates + decimals + integers + booleans %}
            when {{ column }} is null and {{ read_text("landed_" ~ column) }} is not null
            then '{{ column }}_unreadable'
        {%- endfor %}
        {%- for column in required %} when {{ column }} is null then '{{ column }}_missing' {%- endfor %}
        {%- for column in timestamps if column not in may_be_ahead %}
            when {{ column }} > timezone('UTC', now()) + interval 1 day then '{{ column }}_in_the_future'
        {%- endfor %}
        {%- for column in timestamps %}
            when {{ column }} < timestamp '1900-01-01 00:00:00' then '{{ column }}_out_of_range'
        {%- endfor %}
        {%- for column in decimals %}
            when abs({{ column }}) > 10000000 then '{{ column }}_out_of_range'
        {%- endfor %}
        {%- for reason, condition in also.items() %} when {{ condition }} then '{{ reason }}' {%- endfor %}
    end
{%- endmacro %}
