{#- A cell that describes fewer than k persons is not written at all. Anonymous sales have no region and are left out. -#}
with

    sales as (select * from {{ ref("sales_by_buyer_month") }}),

    cells as (

        select
            sold_month,
            region,
            cast(sum(purchase_count) as bigint) as purchase_count,
            cast(sum(net_amount) as decimal(38, 2)) as net_amount,
            visible_until
        from sales
        group by sold_month, region, visible_until
        having count(*) >= {{ setting("k") }}

    )

select *
from cells
where visible_until > {{ today() }}
