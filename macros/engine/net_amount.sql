{% macro net_amount(quantity, unit_price, discount) -%}
    {#- Whole quantities and prices in cents are computed in 64 bits, anything else in 128, which takes five times as
        long. The result is the same. -#}
    case
        when
            {{ quantity }} = try_cast({{ quantity }} as smallint)
            and {{ unit_price }} = try_cast({{ unit_price }} as decimal(9, 2))
            and {{ discount }} = try_cast({{ discount }} as decimal(9, 2))
        then
            cast(
                try_cast({{ quantity }} as smallint) * try_cast({{ unit_price }} as decimal(9, 2))
                - try_cast({{ discount }} as decimal(9, 2)) as decimal(18, 2)
            )
        else
            cast(cast({{ quantity }} as decimal(38, 4)) * {{ unit_price }} - {{ discount }} as decimal(18, 2))
    end
{%- endmacro %}
