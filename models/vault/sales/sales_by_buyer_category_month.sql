{#- What each buyer bought per month and category, so that an aggregate counts persons by counting rows. An anonymous
    purchase is a buyer of its own, and no person. -#}
{{ config(materialized="updated", pre_hook="{{ delete_rebuilt_buyers() }}") }}

with

    buyers as (

        select
            kept_purchases.purchase_number,
            coalesce(person_pseudonyms.person_pseudonym, purchase_pseudonyms.purchase_pseudonym) as buyer,
            person_pseudonyms.person_pseudonym is not null as is_person,
            {{ month("kept_purchases.purchased_on") }} as sold_month
        from {{ ref("kept_purchases") }} as kept_purchases
        inner join
            {{ ref("purchase_pseudonyms") }} as purchase_pseudonyms
            on kept_purchases.purchase_id = purchase_pseudonyms.purchase_id
        left join
            {{ ref("person_pseudonyms") }} as person_pseudonyms
            on kept_purchases.customer_id = person_pseudonyms.customer_id
        where kept_purchases.customer_id is null or {{ in_scope("person", "kept_purchases.customer_id") }}

    ),

    visible_buyers as (

        select *, {{ visible_until("purchases", "insights", "sold_month") }} as visible_until
        from buyers
        where {{ visible_until("purchases", "insights", "sold_month") }} > {{ today() }}

    ),

    purchases as (

        select
            purchase_number,
            category_id,
            sum(quantity) as quantity,
            sum(cast(quantity * unit_price - discount as decimal(18, 2))) as net_amount
        from {{ ref("kept_purchase_lines") }}
        group by purchase_number, category_id

    )

select
    visible_buyers.buyer,
    visible_buyers.is_person,
    visible_buyers.sold_month,
    purchases.category_id,
    count(*) as purchase_count,
    cast(sum(purchases.quantity) as decimal(38, 4)) as quantity,
    cast(sum(purchases.net_amount) as decimal(38, 2)) as net_amount,
    visible_buyers.visible_until
from purchases
inner join visible_buyers on purchases.purchase_number = visible_buyers.purchase_number
group by
    visible_buyers.buyer,
    visible_buyers.is_person,
    visible_buyers.sold_month,
    visible_buyers.visible_until,
    purchases.category_id
