{% macro is_of_age(birth_date) -%}
    coalesce({{ birth_date }} <= {{ today() }} - interval {{ setting("marketing_age") }} year, true)
{%- endmacro %}
