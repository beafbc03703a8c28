{#- Month, person (none: an anonymous sale) and amount of each purchase, as long as insights need it. -#}
{{
    config(
        materialized="updated",
        pre_hook="{{ delete_rebuilt('purchase', pseudonymous=true, expires='visible_until') }}",
    )
}}

with

    amounts as (

        select purchase_pseudonym, sum(net_amount) as net_amount, visible_until
        from {{ ref("sales_by_purchase_category") }}
        where {{ in_scope("purchase", "purchase_pseudonym", pseudonymous=true) }}
        group by purchase_pseudonym, visible_until

    )

select
    amounts.purchase_pseudonym,
    {{ pseudonym("person") }} as person_pseudonym,
    {{ month("kept_purchases.purchased_on") }} as sold_month,
    cast(amounts.net_amount as decimal(18, 2)) as net_amount,
    amounts.visible_until
from amounts
inner join
    {{ ref("purchase_pseudonyms") }} as purchase_pseudonyms
    on amounts.purchase_pseudonym = {{ pseudonym("purchase") }}
inner join
    {{ ref("kept_purchases") }} as kept_purchases
    on purchase_pseudonyms.purchase_id = kept_purchases.purchase_id
left join
    {{ ref("person_pseudonyms") }} as person_pseudonyms
    on kept_purchases.customer_id = person_pseudonyms.customer_id
