{% macro retention_window(data_category, purpose) -%}
    {%- set windows = ref("retention_windows") -%}
    {%- if not execute -%} {%- do return({"months": 0, "start_event": none}) -%} {%- endif -%}
    {%- set where -%}
        seeds/policy/retention_windows.csv: data category '{{ data_category }}' for purpose '{{ purpose }}'
    {%- endset -%}
    {%- set query -%}
        select period_months, start_event from {{ windows }}
        where data_category = '{{ data_category }}' and purpose = '{{ purpose }}'
    {%- endset -%}
    {%- set rows = run_query(query).rows -%}
    {%- if rows | length != 1 -%}
        {{ exceptions.raise_compiler_error(where ~ " must have exactly one row. Add or remove rows.") }}
    {%- endif -%}
    {%- set known = start_events().get(data_category) -%}
    {%- if not known -%}
        {{ exceptions.raise_compiler_error(where ~ " has no start event. Add its events to start_events.") }}
    {%- endif -%}
    {%- if rows[0][1] not in known -%}
        {{
            exceptions.raise_compiler_error(
                where ~ " cannot start with that event. Use " ~ known | join(" or ") ~ " as start_event."
            )
        }}
    {%- endif -%}
    {%- do return({"months": rows[0][0], "start_event": rows[0][1]}) -%}
{%- endmacro %}
