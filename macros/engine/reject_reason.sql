{% macro reject_reason(required, timestamps=[], dates=[], decimals=[], integers=[], booleans=[], also={}) -%}
    {%- set readers = [
        (timestamps, read_timestamp),
        (dates, read_date),
        (decimals, read_decimal),
        (integers, read_integer),
        (booleans, read_boolean),
    ] -%}
    case
        {%- for column in required %}
            when {{ read_text(column) }} is null then '{{ column }}_missing'
        {%- endfor %}
        {%- for columns, read in readers %}
            {%- for column in columns %}
                when {{ read_text(column) }} is not null and {{ read(column) }} is null
                then '{{ column }}_unreadable'
            {%- endfor %}
        {%- endfor %}
        {%- for column in timestamps %}
            when {{ read_timestamp(column) }} > timezone('UTC', now()) + interval 1 day
            then '{{ column }}_in_the_future'
        {%- endfor %}
        {%- for column in decimals %}
            when abs({{ read_decimal(column) }}) > 10000000 then '{{ column }}_out_of_range'
        {%- endfor %}
        {%- for reason, condition in also.items() %} when {{ condition }} then '{{ reason }}' {%- endfor %}
    end
{%- endmacro %}
