{% macro in_scope(kind, column, by="identifier") -%}
    {%- set rebuilt = ref("rebuilt_" ~ kind ~ "s") -%}
    {%- if only_changes() -%} {{ column }} in (select {{ rebuilt_key(kind, by) }} from {{ rebuilt }})
    {%- else -%} true
    {%- endif -%}
{%- endmacro %}
