{#- Every erasure request, from the landing tables and from the register, with what became of it. -#}
with

    requests as (

        select *, 'landing' as origin
        from {{ ref("stg_erasure_requests") }}
        union all
        select *, 'register' as origin
        from {{ ref("stg_register_requests") }}

    ),

    named as (

        select
            requests.*,
            purchases.purchase_id is not null as has_purchase,
            purchases.customer_id as purchase_customer_id,
            purchase_lines.purchase_id is not null as has_line,
            categories.ancestor_id is not null as has_category
        from requests
        left join {{ ref("stg_purchases") }} as purchases on requests.purchase_id = purchases.purchase_id
        left join
            {{ ref("stg_purchase_lines") }} as purchase_lines
            on requests.purchase_id = purchase_lines.purchase_id
            and requests.line_number = purchase_lines.line_number
        left join
            (select distinct ancestor_id from {{ ref("product_category_tree") }}) as categories
            on requests.category_id = categories.ancestor_id

    )

select
    request_id,
    origin,
    scope,
    customer_id,
    purchase_id,
    line_number,
    category_id,
    channel,
    case
        when withdrawn_at <= timezone('UTC', now())
        then 'withdrawn'
        when scope in ('purchase', 'purchase_line') and not has_purchase
        then 'pending'
        when
            scope in ('purchase', 'purchase_line')
            and customer_id is not null
            and purchase_customer_id <> customer_id
        then 'refused'
        when scope = 'purchase_line' and not has_line
        then 'pending'
        when scope = 'category' and not has_category
        then 'pending'
        else 'effective'
    end as state,
    requested_at,
    withdrawn_at
from named
