{% macro delete_rebuilt(kind, pseudonymous=false, domain="analytics", expires=none) -%}
    {%- set rebuilt = ref("rebuilt_" ~ kind ~ "s") -%}
    {%- set key = rebuilt_key(kind, pseudonymous) -%}
    {%- if only_changes() -%}
        delete from {{ this }}
        where
            {{ key }} in (select {{ "marketing_" if domain == "marketing" }}{{ key }} from {{ rebuilt }})
            {% if expires %} or {{ expires }} <= {{ today() }} {% endif %}
    {%- endif -%}
{%- endmacro %}
