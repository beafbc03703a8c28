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
    {#- A column that was read into nothing is unreadable if something was landed in it, and missing otherwise. -#}
    case
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
