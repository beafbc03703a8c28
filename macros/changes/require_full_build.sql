{% macro require_full_build(reason, query) -%}
    {%- if execute and only_changes() -%}
        {%- if run_query("select count(*) from (" ~ query ~ ")").rows[0][0] > 0 -%}
            {{ exceptions.raise_compiler_error("A full build is needed: " ~ reason ~ ".") }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
