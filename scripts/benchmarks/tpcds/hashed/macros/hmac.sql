{% macro hmac(kind, identifier) -%}
    {#- HMAC-SHA256 (RFC 2104) as hexadecimal text. The pads are readable in the compiled SQL. -#}
    sha256(
        unhex('{{ env_var("TPCDS_OUTER_PAD") }}') || unhex(
            sha256(unhex('{{ env_var("TPCDS_INNER_PAD") }}') || encode('{{ kind }}:' || {{ identifier }}))
        )
    )
{%- endmacro %}
