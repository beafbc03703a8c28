{#- A cell that describes fewer than k persons is not written at all. Anonymous sales have no region and are left out. -#}
with

    kept_purchase_lines as (select * from {{ ref("kept_purchase_lines") }}),

    kept_customers as (select * from {{ ref("kept_customers") }}),

    regions as (select * from {{ ref("regions") }}),

    sales as (

        select
            {{ month("kept_purchase_lines.purchased_on") }} as sold_month,
            coalesce(regions.region, 'unknown') as region,
            kept_purchase_lines.purchase_id,
            kept_purchase_lines.customer_id,
            cast(
                kept_purchase_lines.quantity * kept_purchase_lines.unit_price
                - kept_purchase_lines.discount as decimal(18, 2)
            ) as net_amount
        from kept_purchase_lines
        left join kept_customers on kept_purchase_lines.customer_id = kept_customers.customer_id
        left join
            regions
            on upper(kept_customers.country) = regions.country
            and {{ postal_area("kept_customers.postal_code") }} = regions.postal_area
        where kept_purchase_lines.customer_id is not null

    ),

    cells as (

        select
            sold_month,
            region,
            count(distinct purchase_id) as purchase_count,
            cast(sum(net_amount) as decimal(38, 2)) as net_amount,
            {{ visible_until("purchases", "insights", "sold_month") }} as visible_until
        from sales
        group by sold_month, region
        having count(distinct customer_id) >= {{ setting("k") }}

    )

select *
from cells
where visible_until > {{ today() }}
order by all
