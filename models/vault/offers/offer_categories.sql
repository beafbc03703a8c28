{#- What offers can be made for. From the catalogue alone: a category that only a forgotten purchase knows is not there. -#}
{{ config(materialized="working") }}

with

    stg_product_categories as (select * from {{ ref("stg_product_categories") }}),

    categories as (

        select category_id
        from stg_product_categories
        union
        select category_id
        from {{ ref("stg_products") }}
        where category_id is not null

    ),

    vulnerable as (

        select category_id
        from {{ ref("vulnerable_categories") }}
        union
        select tree.category_id
        from {{ ref("product_category_tree") }} as tree
        inner join
            {{ ref("vulnerable_categories") }} as vulnerable_categories
            on tree.ancestor_id = vulnerable_categories.category_id

    )

select
    categories.category_id, stg_product_categories.name, vulnerable.category_id is not null as is_vulnerable
from categories
left join stg_product_categories on categories.category_id = stg_product_categories.category_id
left join vulnerable on categories.category_id = vulnerable.category_id
