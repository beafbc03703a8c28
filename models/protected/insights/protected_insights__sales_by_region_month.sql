{#- A cell that describes fewer than k persons is not written at all. Anonymous sales have no region and are left out. -#}
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

    )

select
    sold_month,
    region,
    count(*) as purchase_count,
    cast(sum(net_amount) as decimal(38, 2)) as net_amount,
    visible_until
from sales
where visible_until > {{ today() }}
group by sold_month, region, visible_until
having count(distinct person_pseudonym) >= {{ setting("k") }}
