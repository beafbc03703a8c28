{% macro setting(name) -%}
    {%- set settings = ref("settings") -%}
    {%- if execute -%}
        {%- set rows = run_query("select value from " ~ settings ~ " where setting = '" ~ name ~ "'").rows -%}
        {%- if rows | length != 1 -%}
            {{
                exceptions.raise_compiler_error(
                    "seeds/policy/settings.csv: the setting '"
                    ~ name
                    ~ "' must have exactly one row. Add or remove rows."
                )
            }}
        {%- endif -%}
        {{ rows[0][0] }}
    {%- endif -%}
{%- endmacro %}
