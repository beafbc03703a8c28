{% macro read_local_date(column) -%}
    {#- A time without a zone is one of the shop's: its date is what it says. -#}
    case
        when {{ is_of_type(column, ["TIMESTAMP", "DATE"]) }}
        then
            case
                when try_cast({{ column }} as date) between date '0001-01-01' and date '9999-12-31'
                then try_cast({{ column }} as date)
            end
        else {{ local_date(read_timestamp(column)) }}
    end
{%- endmacro %}
