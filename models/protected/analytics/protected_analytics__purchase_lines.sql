{{
    config(
        materialized="updated",
        pre_hook="{{ delete_rebuilt('purchase', by='pseudonym', expires='visible_until') }}",
    )
}}

with

    purchases as (

        select
            kept_purchases.purchase_number,
            {{ pseudonym("purchase") }} as purchase_pseudonym,
            {{ pseudonym("person") }} as person_pseudonym,
            {{ code("kept_purchases.channel", ["store", "web", "phone", "catalogue"]) }} as channel,
            kept_purchases.purchased_on,
            {{ visible_until("purchases", "analytics", "kept_purchases.purchased_on") }} as visible_until
        from {{ ref("kept_purchases") }} as kept_purchases
        inner join
            {{ ref("purchase_pseudonyms") }} as purchase_pseudonyms
            on kept_purchases.purchase_number = purchase_pseudonyms.purchase_number
        -- an anonymous sale has no person
        left join
            {{ ref("person_pseudonyms") }} as person_pseudonyms
            on kept_purchases.customer_id = person_pseudonyms.customer_id

    ),

    visible_purchases as (select * from purchases where visible_until > {{ today() }}),

    returns as (

        select
            purchase_number,
            line_number,
            quantity,
            {{ visible_until("returns", "analytics", {"purchase": "purchased_on", "return": "returned_on"}) }}
            as visible_until
        from {{ ref("kept_returns") }}

    ),

    returned as (

        select
            purchase_number,
            line_number,
            sum(quantity) as returned_quantity,
            min(visible_until) as returned_until
        from returns
        where visible_until > {{ today() }}
        group by purchase_number, line_number

    ),

    kept_purchase_lines as (select * from {{ ref("kept_purchase_lines") }})

select
    visible_purchases.purchase_pseudonym,
    visible_purchases.person_pseudonym,
    kept_purchase_lines.product_id,
    stg_products.category_id,
    visible_purchases.channel,
    visible_purchases.purchased_on,
    kept_purchase_lines.quantity,
    kept_purchase_lines.unit_price,
    kept_purchase_lines.discount_amount,
    kept_purchase_lines.net_amount,
    cast(coalesce(returned.returned_quantity, 0) as decimal(18, 4)) as returned_quantity,
    -- never empty: by its least value a reader's engine knows that no return has expired, and skips it
    least(returned.returned_until, visible_purchases.visible_until) as returned_until,
    visible_purchases.visible_until
from kept_purchase_lines
inner join visible_purchases on kept_purchase_lines.purchase_number = visible_purchases.purchase_number
left join
    {{ ref("stg_products") }} as stg_products on kept_purchase_lines.product_id = stg_products.product_id
left join
    returned
    on kept_purchase_lines.purchase_number = returned.purchase_number
    and kept_purchase_lines.line_number = returned.line_number
