select
    purchase_lines.purchase_pseudonym,
    purchase_lines.line_number,
    purchases.person_pseudonym,
    purchase_lines.product_id,
    products.category_id,
    purchases.channel,
    purchase_lines.quantity,
    purchase_lines.unit_price,
    purchase_lines.discount_amount,
    purchase_lines.net_amount,
    purchases.purchased_on
from {{ ref("stg_purchase_lines") }} as purchase_lines
inner join
    {{ ref("stg_purchases") }} as purchases
    on purchase_lines.purchase_pseudonym = purchases.purchase_pseudonym
left join {{ source("landing", "products") }} as products on purchase_lines.product_id = products.product_id
where
    purchase_lines.purchase_pseudonym not in (select purchase_pseudonym from {{ ref("erased_purchases") }})
    and (purchase_lines.purchase_pseudonym, purchase_lines.line_number) not in (
        select (purchase_pseudonym, line_number)
        from {{ ref("stg_erasure_requests") }}
        where scope = 'purchase_line'
    )
    and (
        purchases.person_pseudonym is null
        or (purchases.person_pseudonym, purchase_lines.product_id)
        not in (select (person_pseudonym, product_id) from {{ ref("erased_products") }})
    )
