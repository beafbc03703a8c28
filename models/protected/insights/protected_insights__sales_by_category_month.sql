{#- A cell that describes fewer than k persons is not written at all. Anonymous sales count as no person. -#}
with

    sales as (

        select
            sales_by_purchase.person_pseudonym,
            sales_by_purchase.sold_month,
            sales_by_purchase_category.category_number,
            sales_by_purchase_category.quantity,
            sales_by_purchase_category.net_amount,
            sales_by_purchase.visible_until
        from {{ ref("sales_by_purchase_category") }} as sales_by_purchase_category
        inner join
            {{ ref("sales_by_purchase") }} as sales_by_purchase
            on sales_by_purchase_category.purchase_number = sales_by_purchase.purchase_number
        where sales_by_purchase.visible_until > {{ today() }}

    ),

    cells as (

        select
            sold_month,
            category_number,
            count(*) as purchase_count,
            cast(sum(quantity) as decimal(38, 4)) as quantity,
            cast(sum(net_amount) as decimal(38, 2)) as net_amount,
            -- each person sets one of 63 bits: there are as many persons at least as there are bits
            bit_count(
                bit_or(
                    case
                        when person_pseudonym is not null
                        then cast(1 as bigint) << cast(hash(person_pseudonym) % 63 as integer)
                    end
                )
            ) as least_persons,
            visible_until
        from sales
        group by sold_month, category_number, visible_until

    ),

    -- only where the bits do not prove k persons are persons counted one by one
    counted as (

        select sales.sold_month, sales.category_number, count(distinct sales.person_pseudonym) as persons
        from sales
        inner join
            cells
            on sales.sold_month = cells.sold_month
            and sales.category_number is not distinct from cells.category_number
        where coalesce(cells.least_persons, 0) < {{ setting("k") }}
        group by sales.sold_month, sales.category_number

    )

select
    cells.sold_month,
    category_numbers.category_id,
    stg_product_categories.name as category_name,
    cells.purchase_count,
    cells.quantity,
    cells.net_amount,
    cells.visible_until
from cells
left join
    counted
    on cells.sold_month = counted.sold_month
    and cells.category_number is not distinct from counted.category_number
left join
    {{ ref("category_numbers") }} as category_numbers
    on cells.category_number = category_numbers.category_number
left join
    {{ ref("stg_product_categories") }} as stg_product_categories
    on category_numbers.category_id = stg_product_categories.category_id
where coalesce(counted.persons, cells.least_persons) >= {{ setting("k") }}
