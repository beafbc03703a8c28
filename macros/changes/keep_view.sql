{% macro keep_view(sql) -%}
    {#- A build of the changes leaves it as it is: the models have not changed since. -#}
    {%- if not only_changes() -%}
        {% call statement("keep_view") -%}
            create or replace view {{ this.database }}.at_rest.{{ this.identifier }} as ({{ sql }})
        {%- endcall %}
    {%- endif -%}
{%- endmacro %}
