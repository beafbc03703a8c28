{% macro retention_policy() -%}
    {%- set windows = ref("retention_windows") -%}
    {%- set purposes = ref("purposes") -%}
    {%- set policy = {} -%}
    {%- if execute -%}
        {%- set query -%}
            select windows.data_category, windows.purpose, windows.period_months, windows.start_event, purposes.honours_erasure
            from {{ windows }} as windows
            inner join {{ purposes }} as purposes on windows.purpose = purposes.purpose
            order by windows.data_category, windows.purpose
        {%- endset -%}
        {%- for row in run_query(query).rows -%}
            {%- do policy.setdefault(row[0], []).append(
                {
                    "purpose": row[1],
                    "months": row[2],
                    "start_event": row[3],
                    "honours_erasure": row[4],
                }
            ) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- do return(policy) -%}
{%- endmacro %}
