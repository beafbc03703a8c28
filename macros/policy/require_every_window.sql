{% macro require_every_window(relations) -%}
    {%- if execute -%}
        {%- for node in graph.nodes.values()
        if node.resource_type == "model" and node.fqn[1] == "protected" and "visible_until" in node.columns -%}
            {%- if (node.fqn[2], node.name.split("__")[-1]) not in relations -%}
                {{
                    exceptions.raise_compiler_error(
                        "Model "
                        ~ node.name
                        ~ " has a retention window, but "
                        ~ model.name
                        ~ " does not list it. Add it to the relations in "
                        ~ model.original_file_path
                        ~ "."
                    )
                }}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
