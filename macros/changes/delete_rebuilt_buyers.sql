{% macro delete_rebuilt_buyers() -%}
    {%- set persons = ref("rebuilt_persons") -%}
    {%- set purchases = ref("rebuilt_purchases") -%}
    {%- if only_changes() -%}
        delete from {{ this }}
        where
            buyer in (
                select person_pseudonym
                from {{ persons }}
                union all
                select purchase_pseudonym
                from {{ purchases }}
            )
            or visible_until <= {{ today() }}
    {%- endif -%}
{%- endmacro %}
