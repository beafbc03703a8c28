{#- Lines that are forgotten, whatever the scope of the request, with what their footprint depends on. -#}
{{ config(materialized="working") }}

with

    erasure_requests as (select * from {{ ref("erasure_requests") }} where state = 'effective'),

    concerned_lines as (select * from {{ ref("concerned_lines") }}),

    sales as (

        select *
        from concerned_lines

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
                from concerned_lines
                where
                    concerned_lines.purchase_id = forgotten_lines.purchase_id
                    and concerned_lines.line_number = forgotten_lines.line_number
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
