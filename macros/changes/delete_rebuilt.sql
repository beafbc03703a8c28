{% macro delete_rebuilt(kind, by="identifier", domain="analytics", expires=none) -%}
    {%- set rebuilt = ref("rebuilt_" ~ kind ~ "s") -%}
    {%- set key = rebuilt_key(kind, by) -%}
    {%- if only_changes() -%}
        delete from {{ this }}
        where
            {{ key }} in (select {{ domain ~ "_" if domain != "analytics" }}{{ key }} from {{ rebuilt }})
            {% if expires %} or {{ expires }} <= {{ today() }} {% endif %}
    {%- endif -%}
{%- endmacro %}
