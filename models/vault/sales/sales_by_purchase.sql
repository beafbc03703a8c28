{#- Month, person (none: an anonymous sale) and amount of each purchase, as long as insights need it. -#}
{{
    config(
        materialized="updated",
        pre_hook="{{ delete_rebuilt('purchase', by='number', expires='visible_until') }}",
    )
}}

with

    purchases as (

        select
            kept_purchases.purchase_number,
            {{ pseudonym("person") }} as person_pseudonym,
            {{ month("kept_purchases.purchased_on") }} as sold_month,
            kept_purchases.net_amount,
            {{ visible_until("purchases", "insights", month("kept_purchases.purchased_on")) }}
            as visible_until
        from {{ ref("kept_purchases") }} as kept_purchases
        left join
            {{ ref("person_pseudonyms") }} as person_pseudonyms
            on kept_purchases.customer_id = person_pseudonyms.customer_id

    )

select *
from purchases
where visible_until > {{ today() }}
