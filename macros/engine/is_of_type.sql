{% macro is_of_type(column, types) -%}
    {#- The engine knows the answer when it plans: of a case with it, one way is left. -#}
    typeof({{ column }}) in ('{{ types | join("', '") }}')
{%- endmacro %}
