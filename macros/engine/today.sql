{% macro today() -%}
    {%- set as_of = env_var("BIGTRUST_AS_OF", "") -%}
    {%- if as_of -%} cast('{{ as_of }}' as date)
    {%- else -%} cast(timezone('UTC', now()) as date)
    {%- endif -%}
{%- endmacro %}
