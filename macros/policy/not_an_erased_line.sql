{% macro not_an_erased_line(purchase_number, line_number) -%}
    not exists (
        select 1
        from {{ ref("erased_purchase_lines") }} as erased_purchase_lines
        where
            erased_purchase_lines.purchase_number = {{ purchase_number }}
            and erased_purchase_lines.line_number = {{ line_number }}
    )
{%- endmacro %}
