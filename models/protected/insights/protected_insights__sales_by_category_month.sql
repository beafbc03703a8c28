{#- A cell that describes fewer than k persons, or is nearly all of one person, is not written at all. Anonymous sales count
    as no person. Where all that is not written of a month is so, too, the smallest other cell is not written either: the
    amount of the whole month can be known. -#}
with

    sales_by_purchase as (select * from {{ ref("sales_by_purchase") }} where visible_until > {{ today() }}),

    -- read twice rather than held: it is as long as the sales are
    sales as not materialized(

        select
            sales_by_purchase.person_pseudonym,
            sales_by_purchase.sold_month,
            sales_by_line.category_number,
            sales_by_line.quantity,
            sales_by_line.net_amount,
            sales_by_purchase.visible_until
        from {{ ref("sales_by_line") }} as sales_by_line
        inner join sales_by_purchase on sales_by_line.purchase_number = sales_by_purchase.purchase_number

    ),

    -- of which persons a part of a cell is, one of four parts: no person is more of a cell than a part is
    parts as (

        select
            sold_month,
            category_number,
            case when person_pseudonym is not null then hash(person_pseudonym) % 4 end as part,
            sum(quantity) as quantity,
            sum(net_amount) as net_amount,
            sum(abs(net_amount)) as turnover,
            -- each person sets one of 63 bits: there are as many persons at least as there are bits
            bit_or(
                case
                    when person_pseudonym is not null
                    then cast(1 as bigint) << cast(hash(person_pseudonym) % 63 as integer)
                end
            ) as persons_bits,
            visible_until
        from sales
        group by sold_month, category_number, part, visible_until

    ),

    cells as (

        select
            sold_month,
            category_number,
            cast(sum(quantity) as decimal(38, 4)) as quantity,
            cast(sum(net_amount) as decimal(38, 2)) as net_amount,
            bit_count(bit_or(persons_bits)) as least_persons,
            max(turnover) filter (where part is not null) as most_of_one_person,
            sum(turnover) as turnover,
            visible_until
        from parts
        group by sold_month, category_number, visible_until

    ),

    -- a purchase counts once in a category, however many of its lines are of it
    categories as (

        select purchase_number, list_distinct(list(category_number)) as category_numbers
        from {{ ref("sales_by_line") }}
        group by purchase_number

    ),

    purchases as (

        select sales_by_purchase.sold_month, unnest(categories.category_numbers) as category_number
        from categories
        inner join sales_by_purchase on categories.purchase_number = sales_by_purchase.purchase_number

    ),

    purchase_counts as (

        select sold_month, category_number, count(*) as purchase_count
        from purchases
        group by sold_month, category_number

    ),

    -- only where bits and parts prove nothing are persons looked at one by one
    persons as (

        select
            sales.sold_month,
            sales.category_number,
            sales.person_pseudonym,
            sum(abs(sales.net_amount)) as turnover
        from sales
        inner join
            cells on sales.sold_month = cells.sold_month and sales.category_number = cells.category_number
        where
            coalesce(cells.least_persons, 0) < {{ setting("k") }}
            or {{ is_of_one_person("cells.most_of_one_person", "cells.turnover") }}
        group by sales.sold_month, sales.category_number, sales.person_pseudonym

    ),

    small as (

        select sold_month, category_number
        from persons
        group by sold_month, category_number
        having
            count(person_pseudonym) < {{ setting("k") }}
            or {{
                is_of_one_person(
                    "max(turnover) filter (where person_pseudonym is not null)", "sum(turnover)"
                )
            }}

    ),

    left_out as (

        select persons.sold_month, persons.person_pseudonym, sum(persons.turnover) as turnover
        from persons
        inner join
            small on persons.sold_month = small.sold_month and persons.category_number = small.category_number
        group by persons.sold_month, persons.person_pseudonym

    ),

    -- the sum of what is not written follows from sales_by_region_month
    too_few as (

        select sold_month
        from left_out
        group by sold_month
        having
            count(distinct person_pseudonym) < {{ setting("k") }}
            or {{
                is_of_one_person(
                    "max(turnover) filter (where person_pseudonym is not null)", "sum(turnover)"
                )
            }}

    ),

    large as (

        select
            cells.sold_month,
            cells.category_number,
            purchase_counts.purchase_count,
            cells.quantity,
            cells.net_amount,
            cells.visible_until,
            row_number() over (
                partition by cells.sold_month order by purchase_counts.purchase_count, cells.category_number
            ) as place
        from cells
        inner join
            purchase_counts
            on cells.sold_month = purchase_counts.sold_month
            and cells.category_number = purchase_counts.category_number
        left join
            small on cells.sold_month = small.sold_month and cells.category_number = small.category_number
        where small.sold_month is null

    )

select
    large.sold_month,
    category_numbers.category_id,
    stg_product_categories.name as category_name,
    large.purchase_count,
    large.quantity,
    large.net_amount,
    large.visible_until
from large
left join too_few on large.sold_month = too_few.sold_month
left join
    {{ ref("category_numbers") }} as category_numbers
    on large.category_number = category_numbers.category_number
left join
    {{ ref("stg_product_categories") }} as stg_product_categories
    on category_numbers.category_id = stg_product_categories.category_id
where too_few.sold_month is null or large.place > 1
