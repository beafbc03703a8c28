{#- Lines of the purchases that a request may touch, and since when each is forgotten (empty: it stays); also those that
    the source system has deleted and the register remembers. The only pass over the lines, and only if there are requests. -#}
{{ config(materialized="working") }}

with

    due_requests as (select * from {{ ref("erasure_requests") }} where state = 'effective'),

    forgotten_lines as (select * from {{ source("register", "forgotten_lines") }}),

    erased_persons as (

        select customer_id, max(requested_at) as erased_until
        from due_requests
        where scope = 'person'
        group by customer_id

    ),

    purchases as (

        select purchase_id, customer_id, purchased_on, purchased_at
        from {{ ref("due_concerned_purchases") }}
        where
            purchase_id in (select purchase_id from due_requests where scope in ('purchase', 'purchase_line'))
            or purchase_id in (select purchase_id from forgotten_lines)
            or customer_id in (select customer_id from due_requests where scope in ('category', 'person'))

    ),

    landed as (

        select
            stg_purchase_lines.purchase_id,
            stg_purchase_lines.line_number,
            purchases.customer_id,
            stg_products.category_id,
            stg_purchase_lines.file_number,
            stg_purchase_lines.row_number,
            purchases.purchased_on,
            purchases.purchased_at
        from {{ ref("stg_purchase_lines") }} as stg_purchase_lines
        inner join purchases on stg_purchase_lines.purchase_id = purchases.purchase_id
        left join
            {{ ref("stg_products") }} as stg_products
            on stg_purchase_lines.product_id = stg_products.product_id

    ),

    sales as (

        select *, true as is_landed
        from landed

        union all

        -- the source system has deleted it since, as it should; its footprint stays forgotten
        select
            purchase_id,
            line_number,
            customer_id,
            category_id,
            cast(null as integer) as file_number,
            cast(null as bigint) as row_number,
            {{ local_date("purchased_at") }} as purchased_on,
            purchased_at,
            false as is_landed
        from forgotten_lines
        where
            not exists (
                select 1
                from landed
                where
                    landed.purchase_id = forgotten_lines.purchase_id
                    and landed.line_number = forgotten_lines.line_number
            )

    ),

    forgotten as (

        -- by purchase
        select sales.purchase_id, sales.line_number, due_requests.requested_at
        from sales
        inner join due_requests on sales.purchase_id = due_requests.purchase_id
        where due_requests.scope = 'purchase'

        union all

        -- by line
        select sales.purchase_id, sales.line_number, due_requests.requested_at
        from sales
        inner join
            due_requests
            on sales.purchase_id = due_requests.purchase_id
            and sales.line_number = due_requests.line_number
        where due_requests.scope = 'purchase_line'

        union all

        -- by category
        select sales.purchase_id, sales.line_number, due_requests.requested_at
        from sales
        inner join {{ ref("product_category_tree") }} as tree on sales.category_id = tree.category_id
        inner join
            due_requests
            on sales.customer_id = due_requests.customer_id
            and tree.ancestor_id = due_requests.category_id
        where due_requests.scope = 'category'

        union all

        -- by person
        select sales.purchase_id, sales.line_number, erased_persons.erased_until as requested_at
        from sales
        inner join erased_persons on sales.customer_id = erased_persons.customer_id
        where sales.purchased_at <= erased_persons.erased_until

    ),

    first_asked as (

        select purchase_id, line_number, cast(min(requested_at) as date) as requested_on
        from forgotten
        group by purchase_id, line_number

    )

select
    sales.purchase_id,
    sales.line_number,
    sales.customer_id,
    sales.category_id,
    sales.file_number,
    sales.row_number,
    case
        when first_asked.requested_on is not null then greatest(first_asked.requested_on, sales.purchased_on)
    end as forgotten_on,
    sales.purchased_on,
    sales.purchased_at,
    sales.is_landed
from sales
left join
    first_asked on sales.purchase_id = first_asked.purchase_id and sales.line_number = first_asked.line_number
