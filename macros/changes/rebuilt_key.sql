{% macro rebuilt_key(kind, by) -%}
    {%- set identifiers = {"person": "customer_id", "purchase": "purchase_id"} -%}
    {{- identifiers[kind] if by == "identifier" else kind ~ "_" ~ by -}}
{%- endmacro %}
