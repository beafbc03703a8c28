{#- What each person bought per month, with the region of the person as it is now. -#}
{{ config(materialized="updated", pre_hook="{{ delete_rebuilt_buyers() }}") }}

with

    person_pseudonyms as (select * from {{ ref("person_pseudonyms") }}),

    regions as (

        select {{ pseudonym("person") }} as buyer, regions.region
        from {{ ref("kept_customers") }} as kept_customers
        inner join person_pseudonyms on kept_customers.customer_id = person_pseudonyms.customer_id
        inner join
            {{ ref("regions") }} as regions
            on upper(kept_customers.country) = regions.country
            and {{ postal_area("kept_customers.postal_code") }} = regions.postal_area

    ),

    purchases as (

        select
            {{ pseudonym("person") }} as buyer,
            {{ month("kept_purchases.purchased_on") }} as sold_month,
            count(*) as purchase_count
        from {{ ref("kept_purchases") }} as kept_purchases
        inner join person_pseudonyms on kept_purchases.customer_id = person_pseudonyms.customer_id
        where {{ in_scope("person", "kept_purchases.customer_id") }}
        group by all

    ),

    amounts as (

        select buyer, sold_month, visible_until, sum(net_amount) as net_amount
        from {{ ref("sales_by_buyer_category_month") }}
        where is_person and {{ in_scope("person", "buyer", pseudonymous=true) }}
        group by buyer, sold_month, visible_until

    )

select
    amounts.buyer,
    amounts.sold_month,
    coalesce(regions.region, 'unknown') as region,
    purchases.purchase_count,
    cast(amounts.net_amount as decimal(38, 2)) as net_amount,
    amounts.visible_until
from amounts
inner join purchases on amounts.buyer = purchases.buyer and amounts.sold_month = purchases.sold_month
left join regions on amounts.buyer = regions.buyer
