{% macro local_date(utc_timestamp) -%}
    cast(timezone('{{ setting("time_zone") }}', timezone('UTC', {{ utc_timestamp }})) as date)
{%- endmacro %}
