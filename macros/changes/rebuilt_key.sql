{% macro rebuilt_key(kind, pseudonymous) -%}
    {%- set identifiers = {"person": "customer_id", "purchase": "purchase_id"} -%}
    {{- kind ~ "_pseudonym" if pseudonymous else identifiers[kind] -}}
{%- endmacro %}
