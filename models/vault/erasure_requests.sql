{#- Every erasure request, from the landing tables and from the register, with what became of it. -#}
{{ config(materialized="working") }}

with

    requests as (

        select *, 'landing' as origin
        from {{ ref("stg_erasure_requests") }}
        union all
        select *, 'register' as origin
        from {{ ref("stg_register_requests") }} as stg_register_requests
        -- the register also keeps what landing delivered; what landing says now (a withdrawal) is the later
        -- word
        where
            not exists (
                select 1
                from {{ ref("stg_erasure_requests") }} as landed
                where
                    landed.request_id = stg_register_requests.request_id
                    and landed.scope = stg_register_requests.scope
                    and landed.customer_id is not distinct from stg_register_requests.customer_id
                    and landed.purchase_id is not distinct from stg_register_requests.purchase_id
                    and landed.line_number is not distinct from stg_register_requests.line_number
                    and landed.category_id is not distinct from stg_register_requests.category_id
            )

    ),

    -- what a request was about stays known when the source system has deleted it, as it should
    forgotten_lines as (select * from {{ source("register", "forgotten_lines") }}),

    asked_for as (select distinct customer_id from requests where customer_id is not null),

    persons as (

        {% for table in ["customers", "purchases", "web_events", "support_tickets", "marketing_messages"] -%}
            select customer_id
            from {{ ref("stg_" ~ table) }}
            where customer_id in (select customer_id from asked_for)
            union
        {% endfor %}
        select customer_id
        from forgotten_lines
        where customer_id in (select customer_id from asked_for)

    ),

    purchases as (

        select purchase_id, customer_id
        from {{ ref("stg_purchases") }}
        where purchase_id in (select purchase_id from requests)
        union
        select purchase_id, customer_id
        from forgotten_lines
        where
            not exists (
                select 1
                from {{ ref("stg_purchases") }} as landed
                where landed.purchase_id = forgotten_lines.purchase_id
            )

    ),

    purchase_lines as (

        select purchase_id, line_number
        from {{ ref("stg_purchase_lines") }}
        where purchase_id in (select purchase_id from requests where scope = 'purchase_line')
        union
        select purchase_id, line_number
        from forgotten_lines

    ),

    named as (

        select
            requests.*,
            purchases.purchase_id is not null as has_purchase,
            purchases.customer_id as purchase_customer_id,
            purchase_lines.purchase_id is not null as has_line,
            categories.ancestor_id is not null as has_category,
            persons.customer_id is not null as has_person
        from requests
        left join purchases on requests.purchase_id = purchases.purchase_id
        left join
            purchase_lines
            on requests.purchase_id = purchase_lines.purchase_id
            and requests.line_number = purchase_lines.line_number
        left join
            (select distinct ancestor_id from {{ ref("product_category_tree") }}) as categories
            on requests.category_id = categories.ancestor_id
        left join persons on requests.customer_id = persons.customer_id

    )

select
    -- what the next run compares with: a digest in place of what the request names
    hash(request_id, scope, customer_id, purchase_id, line_number, category_id, requested_at) as request_key,
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
        when scope in ('category', 'person') and not has_person
        then 'pending'
        else 'effective'
    end as state,
    purchase_customer_id,
    requested_at,
    withdrawn_at
from named
