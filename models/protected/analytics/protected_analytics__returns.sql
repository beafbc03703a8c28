{{
    config(
        materialized="updated",
        pre_hook="{{ delete_rebuilt('purchase', by='pseudonym', expires='visible_until') }}",
    )
}}

with

    kept_returns as (select * from {{ ref("kept_returns") }}),

    person_pseudonyms as (select * from {{ ref("person_pseudonyms") }}),

    purchase_pseudonyms as (select * from {{ ref("purchase_pseudonyms") }}),

    returns as (

        select
            {{ pseudonym("purchase") }} as purchase_pseudonym,
            {{ pseudonym("person") }} as person_pseudonym,
            kept_returns.product_id,
            stg_products.category_id,
            kept_returns.returned_on,
            kept_returns.quantity,
            {{ code("kept_returns.reason", ["defect", "damaged", "size", "changed_mind", "wrong_item"]) }}
            as reason,
            -- a return never outlives its purchase
            least(
                {{
                    visible_until(
                        "returns",
                        "analytics",
                        {"purchase": "kept_returns.purchased_on", "return": "kept_returns.returned_on"},
                    )
                }},
                {{ visible_until("purchases", "analytics", "kept_returns.purchased_on") }}
            ) as visible_until
        from kept_returns
        inner join purchase_pseudonyms on kept_returns.purchase_number = purchase_pseudonyms.purchase_number
        left join person_pseudonyms on kept_returns.customer_id = person_pseudonyms.customer_id
        left join
            {{ ref("stg_products") }} as stg_products on kept_returns.product_id = stg_products.product_id

    )

select *
from returns
where visible_until > {{ today() }}
