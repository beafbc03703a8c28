{#- A cell that describes fewer than k persons, or is nearly all of one person, is not written at all. Anonymous sales have no
    region and are left out. Where all that is not written of a month is so, too, the smallest other cell is not written
    either: the amount of the whole month can be known. -#}
with

    sales as (

        select
            sales_by_purchase.person_pseudonym,
            sales_by_purchase.sold_month,
            coalesce(person_regions.region, 'unknown') as region,
            sales_by_purchase.net_amount,
            sales_by_purchase.visible_until
        from {{ ref("sales_by_purchase") }} as sales_by_purchase
        left join
            {{ ref("person_regions") }} as person_regions
            on sales_by_purchase.person_pseudonym = person_regions.person_pseudonym
        where sales_by_purchase.person_pseudonym is not null

    ),

    bought as (

        select
            sold_month,
            region,
            person_pseudonym,
            count(*) as purchase_count,
            sum(net_amount) as net_amount,
            sum(abs(net_amount)) as turnover,
            visible_until
        from sales
        where visible_until > {{ today() }}
        group by sold_month, region, person_pseudonym, visible_until

    ),

    cells as (

        select
            sold_month,
            region,
            cast(sum(purchase_count) as bigint) as purchase_count,
            cast(sum(net_amount) as decimal(38, 2)) as net_amount,
            count(distinct person_pseudonym) as persons,
            max(turnover) as most_of_one_person,
            sum(turnover) as turnover,
            visible_until
        from bought
        group by sold_month, region, visible_until

    ),

    -- the sum of what is not written follows from sales_by_category_month; a person has one region
    too_few as (

        select sold_month
        from cells
        where persons < {{ setting("k") }} or {{ is_of_one_person("most_of_one_person", "turnover") }}
        group by sold_month
        having
            sum(persons) < {{ setting("k") }}
            or {{ is_of_one_person("max(most_of_one_person)", "sum(turnover)") }}

    ),

    large as (

        select
            sold_month,
            region,
            purchase_count,
            net_amount,
            visible_until,
            row_number() over (partition by sold_month order by purchase_count, region) as place
        from cells
        where persons >= {{ setting("k") }} and not {{ is_of_one_person("most_of_one_person", "turnover") }}

    )

select large.sold_month, large.region, large.purchase_count, large.net_amount, large.visible_until
from large
left join too_few on large.sold_month = too_few.sold_month
where too_few.sold_month is null or large.place > 1
