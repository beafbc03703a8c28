{% macro retention_months(data_category, purpose) -%}
    {%- set windows = ref("retention_windows") -%}
    {%- if execute -%}
        {%- set query -%}
            select period_months from {{ windows }}
            where data_category = '{{ data_category }}' and purpose = '{{ purpose }}'
        {%- endset -%}
        {%- set rows = run_query(query).rows -%}
        {%- if rows | length != 1 -%}
            {{
                exceptions.raise_compiler_error(
                    "seeds/policy/retention_windows.csv: data category '"
                    ~ data_category
                    ~ "' for purpose '"
                    ~ purpose
                    ~ "' must have exactly one row. Add or remove rows."
                )
            }}
        {%- endif -%}
        {{ rows[0][0] }}
    {%- else -%} 0
    {%- endif -%}
{%- endmacro %}
