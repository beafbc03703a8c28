with

    kept_lines as (select * from {{ ref("kept_lines") }}),

    returned as (

        select purchase_pseudonym, line_number, sum(quantity) as returned_quantity
        from {{ ref("stg_returns") }}
        group by purchase_pseudonym, line_number

    )

select
    kept_lines.purchase_pseudonym,
    kept_lines.person_pseudonym,
    kept_lines.product_id,
    kept_lines.category_id,
    kept_lines.channel,
    kept_lines.purchased_on,
    kept_lines.quantity,
    kept_lines.unit_price,
    kept_lines.discount_amount,
    kept_lines.net_amount,
    coalesce(returned.returned_quantity, 0) as returned_quantity
from kept_lines
left join
    returned
    on kept_lines.purchase_pseudonym = returned.purchase_pseudonym
    and kept_lines.line_number = returned.line_number
where kept_lines.purchased_on + interval 36 month > date '{{ env_var("TPCDS_AS_OF") }}'
