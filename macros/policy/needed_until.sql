{% macro needed_until(data_category, starts, purchased_on=none, honours_erasure=none, but_for=none) -%}
    {%- set policy = retention_policy() -%}
    {%- set ends = ["cast(null as date)"] -%}
    {%- for window in policy.get(data_category, []) if honours_erasure in (none, window.honours_erasure) and window.purpose != but_for -%}
        {%- if window.start_event not in starts -%}
            {{
                exceptions.raise_compiler_error(
                    "Model "
                    ~ model.name
                    ~ " does not know the event that starts the window of '"
                    ~ data_category
                    ~ "' for purpose '"
                    ~ window.purpose
                    ~ "' in seeds/policy/retention_windows.csv. Add its date to the model."
                )
            }}
        {%- endif -%}
        {%- set own = (
            "cast("
            ~ starts[window.start_event]
            ~ " + interval "
            ~ window.months
            ~ " month as date)"
        ) -%}
        {%- set parents = [] -%}
        {%- for parent in policy.get("purchases", []) if purchased_on and parent.purpose == window.purpose -%}
            {%- do parents.append(
                "cast(" ~ purchased_on ~ " + interval " ~ parent.months ~ " month as date)"
            ) -%}
        {%- endfor -%}
        {%- do ends.append("least(" ~ ([own] + parents) | join(", ") ~ ")") -%}
    {%- endfor -%}
    greatest({{ ends | join(", ") }})
{%- endmacro %}
