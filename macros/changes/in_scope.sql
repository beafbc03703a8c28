{% macro in_scope(kind, column, pseudonymous=false) -%}
    {%- set rebuilt = ref("rebuilt_" ~ kind ~ "s") -%}
    {%- if only_changes() -%}
        {{ column }} in (select {{ rebuilt_key(kind, pseudonymous) }} from {{ rebuilt }})
    {%- else -%} true
    {%- endif -%}
{%- endmacro %}
