{% macro require_landing() -%}
    {%- if execute and env_var("BIGTRUST_RECORD_ONLY", "no") != "yes" -%}
        {%- set query -%}
            select count(*) from duckdb_views() where database_name = 'vault' and schema_name = 'landing'
        {%- endset -%}
        {%- if run_query(query).rows[0][0] == 0 -%}
            {{
                exceptions.raise_compiler_error(
                    "The landing tables are not registered. Run dbt with the profile big_trust of this project's profiles.yml."
                )
            }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
