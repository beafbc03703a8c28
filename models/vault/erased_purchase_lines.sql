{#- Lines that are forgotten, whatever the scope of the request, with what their footprint depends on. -#}
{{ config(materialized="working") }}

with

    erasure_requests as (select * from {{ ref("erasure_requests") }} where state = 'effective'),

    scope_purchases as (select * from {{ ref("scope_purchases") }}),

    erased_purchases as (select * from {{ ref("erased_purchases") }}),

    -- few purchases are concerned by a request, and only their lines are looked at
    concerned_purchases as (

        select purchase_number, purchase_id, customer_id, purchased_at
        from scope_purchases
        where
            purchase_id in (select purchase_id from erased_purchases)
            or purchase_id in (select purchase_id from erasure_requests where scope = 'purchase_line')
            or customer_id in (select customer_id from erasure_requests where scope = 'category')

    ),

    landed as (

        select
            concerned_purchases.purchase_number,
            concerned_purchases.purchase_id,
            scope_purchase_lines.line_number,
            concerned_purchases.customer_id,
            stg_products.category_id,
            concerned_purchases.purchased_at
        from {{ ref("scope_purchase_lines") }} as scope_purchase_lines
        inner join
            concerned_purchases on scope_purchase_lines.purchase_number = concerned_purchases.purchase_number
        left join
            {{ ref("stg_products") }} as stg_products
            on scope_purchase_lines.product_id = stg_products.product_id

    ),

    sales as (

        select *
        from landed

        union all

        -- the source system has deleted it since, as it should; its footprint stays forgotten
        select
            cast(null as bigint) as purchase_number,
            purchase_id,
            line_number,
            customer_id,
            category_id,
            purchased_at
        from {{ source("register", "forgotten_lines") }} as forgotten_lines
        where
            not exists (
                select 1
                from landed
                where
                    landed.purchase_id = forgotten_lines.purchase_id
                    and landed.line_number = forgotten_lines.line_number
            )

    ),

    by_purchase as (

        select sales.*
        from sales
        inner join erasure_requests on sales.purchase_id = erasure_requests.purchase_id
        where erasure_requests.scope = 'purchase'

    ),

    by_person as (

        select sales.*
        from sales
        inner join
            {{ ref("erased_persons") }} as erased_persons on sales.customer_id = erased_persons.customer_id
        where sales.purchased_at <= erased_persons.erased_until

    ),

    by_line as (

        select sales.*
        from sales
        inner join
            erasure_requests
            on sales.purchase_id = erasure_requests.purchase_id
            and sales.line_number = erasure_requests.line_number
        where erasure_requests.scope = 'purchase_line'

    ),

    by_category as (

        select sales.*
        from sales
        inner join {{ ref("product_category_tree") }} as tree on sales.category_id = tree.category_id
        inner join
            erasure_requests
            on sales.customer_id = erasure_requests.customer_id
            and tree.ancestor_id = erasure_requests.category_id
        where erasure_requests.scope = 'category'

    )

select *
from by_purchase
union
select *
from by_person
union
select *
from by_line
union
select *
from by_category
