{#- What whom marketing may see bought for, by month: for the bands of value and recency, and no product. -#}
{{
    config(
        materialized="updated",
        pre_hook="{{ delete_rebuilt('person', by='pseudonym', domain='marketing', expires='visible_until') }}",
    )
}}

with

    bought as (

        select customer_id, {{ month("purchased_on") }} as purchased_month, sum(net_amount) as net_amount
        from {{ ref("kept_purchases") }}
        where {{ in_scope("person", "customer_id") }}
        group by customer_id, purchased_month

    ),

    person_pseudonyms as (select * from {{ ref("marketing_person_pseudonyms") }}),

    purchases as (

        select
            {{ pseudonym("person") }} as person_pseudonym,
            bought.purchased_month,
            bought.net_amount,
            {{ visible_until("purchases", "marketing", "bought.purchased_month") }} as visible_until
        from bought
        inner join person_pseudonyms on bought.customer_id = person_pseudonyms.customer_id

    )

select *
from purchases
where visible_until > {{ today() }}
