{% macro names_no_touched_purchase(purchase_id) -%}
    not exists (
        select 1
        from {{ ref("touched_purchases") }} as touched_purchases
        where touched_purchases.purchase_id = {{ purchase_id }}
    )
{%- endmacro %}
