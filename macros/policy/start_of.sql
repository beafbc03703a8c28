{% macro start_of(data_category, purpose, starts) -%}
    {%- set start_event = retention_window(data_category, purpose).start_event -%}
    {%- if execute and start_event not in starts -%}
        {{
            exceptions.raise_compiler_error(
                "Model "
                ~ model.name
                ~ " does not know the event that starts the window of '"
                ~ data_category
                ~ "' for purpose '"
                ~ purpose
                ~ "' in seeds/policy/retention_windows.csv. Add its date to the model, or use "
                ~ starts
                | join(" or ") ~ " as start_event."
            )
        }}
    {%- endif -%}
    {{ starts[start_event] }}
{%- endmacro %}
