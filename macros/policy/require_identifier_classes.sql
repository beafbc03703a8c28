{% macro require_identifier_classes() -%}
    {%- if execute -%}
        {%- set classes = [
            "direct_identifier",
            "free_text",
            "position",
            "quasi_identifier",
            "generalised",
            "key",
            "attribute",
        ] -%}
        {%- for node in graph.nodes.values() if node.resource_type == "model" and node.fqn[1] == "staging" and node.fqn[2] != "base" -%}
            {%- if not node.columns -%}
                {{
                    exceptions.raise_compiler_error(
                        "CLS-01: Staging model "
                        ~ node.name
                        ~ " lists no columns. List each with its identifier class in "
                        ~ node.original_file_path
                        ~ "'s YAML."
                    )
                }}
            {%- endif -%}
            {%- for column in node.columns.values() if column.config.meta.identifier_class not in classes -%}
                {{
                    exceptions.raise_compiler_error(
                        "CLS-01: Column "
                        ~ column.name
                        ~ " of staging model "
                        ~ node.name
                        ~ " has no identifier class. Give it one of: "
                        ~ classes
                        | join(", ") ~ "."
                    )
                }}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
