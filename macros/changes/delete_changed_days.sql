{% macro delete_changed_days() -%}
    {%- set days = ref("changed_days") -%}
    {%- if only_changes() -%}
        delete from {{ this }}
        where sold_on in (select sold_on from {{ days }}) or visible_until <= {{ today() }}
    {%- endif -%}
{%- endmacro %}
