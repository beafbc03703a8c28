{#- What the lines of each purchase come to: all that arrived, and those that are kept. -#}
{{ config(materialized="working") }}

with

    purchase_lines as (

        select
            purchase_number,
            discount_amount,
            net_amount,
            {{
                not_an_erased_line(
                    "scope_purchase_lines.purchase_number", "scope_purchase_lines.line_number"
                )
            }} as is_kept
        from {{ ref("scope_purchase_lines") }} as scope_purchase_lines
        where purchase_number is not null

    )

select
    purchase_number,
    count(*) as line_count,
    sum(discount_amount) as discount_amount,
    sum(net_amount) as net_amount,
    count(*) filter (where is_kept) as kept_line_count,
    cast(sum(net_amount) filter (where is_kept) as decimal(18, 2)) as kept_net_amount
from purchase_lines
group by purchase_number
