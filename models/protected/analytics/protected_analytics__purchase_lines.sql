with

    kept_purchase_lines as (select * from {{ ref("kept_purchase_lines") }}),

    returned as (

        select purchase_id, line_number, sum(quantity) as returned_quantity
        from {{ ref("kept_returns") }}
        where {{ visible_until("returns", "analytics", "purchased_on") }} > {{ today() }}
        group by purchase_id, line_number

    ),

    person_pseudonyms as (select * from {{ ref("person_pseudonyms") }}),

    purchase_pseudonyms as (select * from {{ ref("purchase_pseudonyms") }}),

    purchase_lines as (

        select
            {{ pseudonym("purchase") }} as purchase_pseudonym,
            {{ pseudonym("person") }} as person_pseudonym,
            kept_purchase_lines.product_id,
            kept_purchase_lines.category_id,
            {{ code("kept_purchase_lines.channel", ["store", "web", "phone", "catalogue"]) }} as channel,
            kept_purchase_lines.purchased_on,
            kept_purchase_lines.quantity,
            kept_purchase_lines.unit_price,
            cast(kept_purchase_lines.discount as decimal(18, 2)) as discount_amount,
            cast(
                kept_purchase_lines.quantity * kept_purchase_lines.unit_price
                - kept_purchase_lines.discount as decimal(18, 2)
            ) as net_amount,
            cast(coalesce(returned.returned_quantity, 0) as decimal(18, 4)) as returned_quantity,
            {{ visible_until("purchases", "analytics", "kept_purchase_lines.purchased_on") }} as visible_until
        from kept_purchase_lines
        inner join purchase_pseudonyms on kept_purchase_lines.purchase_id = purchase_pseudonyms.purchase_id
        -- an anonymous sale has no person
        left join person_pseudonyms on kept_purchase_lines.customer_id = person_pseudonyms.customer_id
        left join
            returned
            on kept_purchase_lines.purchase_id = returned.purchase_id
            and kept_purchase_lines.line_number = returned.line_number

    )

select *
from purchase_lines
where visible_until > {{ today() }}
order by all
