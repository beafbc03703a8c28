{#- What each purchase sold of a category, as long as insights need it: an aggregate can follow a change by it. -#}
{{
    config(
        materialized="updated",
        pre_hook="{{ delete_rebuilt('purchase', pseudonymous=true, expires='visible_until') }}",
    )
}}

with

    purchases as (

        select
            kept_purchases.purchase_number,
            {{ pseudonym("purchase") }} as purchase_pseudonym,
            {{ visible_until("purchases", "insights", month("kept_purchases.purchased_on")) }}
            as visible_until
        from {{ ref("kept_purchases") }} as kept_purchases
        inner join
            {{ ref("purchase_pseudonyms") }} as purchase_pseudonyms
            on kept_purchases.purchase_id = purchase_pseudonyms.purchase_id

    ),

    visible_purchases as (select * from purchases where visible_until > {{ today() }}),

    categories as (

        select
            purchase_number,
            category_id,
            cast(sum(quantity) as decimal(18, 4)) as quantity,
            cast(sum(net_amount) as decimal(18, 2)) as net_amount
        from {{ ref("kept_purchase_lines") }}
        group by purchase_number, category_id

    )

select
    visible_purchases.purchase_pseudonym,
    categories.category_id,
    categories.quantity,
    categories.net_amount,
    visible_purchases.visible_until
from categories
inner join visible_purchases on categories.purchase_number = visible_purchases.purchase_number
