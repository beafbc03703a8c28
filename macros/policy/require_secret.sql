{% macro require_secret() -%}
    {%- if execute and env_var("BIGTRUST_RECORD_ONLY", "no") != "yes" -%}
        {%- if run_query(
            "select getvariable('analytics_outer_pad') is null or getvariable('marketing_outer_pad') is null"
        ).rows[0][0] -%}
            {{
                exceptions.raise_compiler_error(
                    "The pseudonymisation secret is missing. Set DBT_ENV_SECRET_BIGTRUST or BIGTRUST_SECRET_FILE, and use this project's profiles.yml."
                )
            }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
