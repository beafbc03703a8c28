{% macro read_local_date(column) -%}
    {#- A time without a zone is one of the shop's: its date is what it says. -#}
    case
        when {{ is_of_type(column, ["DATE", "TIMESTAMP"]) }}
        then {{ read_date(column) }}
        else {{ local_date(read_timestamp(column)) }}
    end
{%- endmacro %}
