{% macro delete_unsold() -%}
    {%- set sales = ref("sales_by_purchase") -%}
    {%- if only_changes() -%}
        delete from {{ this }} where purchase_number not in (select purchase_number from {{ sales }})
    {%- endif -%}
{%- endmacro %}
