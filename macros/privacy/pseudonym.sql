{% macro pseudonym(kind) -%}
    {%- if kind not in ["person", "purchase"] -%}
        {{
            exceptions.raise_compiler_error(
                "pseudonym: unknown kind '" ~ kind ~ "'. Use person or purchase."
            )
        }}
    {%- endif -%}
    {{ kind }}_pseudonyms.{{ kind }}_pseudonym
{%- endmacro %}
