{% macro is_of_one_person(largest, total) -%}
    {#- The dominance rule with one contributor and 80 percent. Where k is 1, one person is enough for anything. -#}
    coalesce({{ setting("k") }} > 1 and {{ largest }} > 0.8 * {{ total }}, false)
{%- endmacro %}
