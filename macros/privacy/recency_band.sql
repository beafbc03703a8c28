{% macro recency_band(last_month) -%}
    case
        when {{ last_month }} > {{ today() }} - interval 4 month
        then 'quarter'
        when {{ last_month }} > {{ today() }} - interval 13 month
        then 'year'
        when {{ last_month }} is not null
        then 'longer'
        else 'none'
    end
{%- endmacro %}
