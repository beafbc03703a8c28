{% macro issue_pseudonym(domain, kind, identifier) -%}
    {#- HMAC-SHA256 (RFC 2104) over '<kind>:<identifier>', cut to 128 bits. Without the key the result is NULL, never unkeyed. -#}
    {%- if kind not in ["person", "purchase", "event"] -%}
        {{
            exceptions.raise_compiler_error(
                "issue_pseudonym: unknown kind '" ~ kind ~ "'. Use person, purchase or event."
            )
        }}
    {%- endif -%}
    cast(
        left(
            sha256(
                getvariable('{{ domain }}_outer_pad') || unhex(
                    sha256(getvariable('{{ domain }}_inner_pad') || encode('{{ kind }}:' || {{ identifier }}))
                )
            ),
            32
        ) as uuid
    )
{%- endmacro %}
