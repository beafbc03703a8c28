{#- Every category with each of its ancestors, itself included. `union` (not `union all`) ends a circle.
    Categories that only the products name count too: the table of categories is optional. -#}
{{ config(materialized="working") }}

with recursive

    stg_product_categories as (select * from {{ ref("stg_product_categories") }}),

    tree as (

        select category_id, category_id as ancestor_id
        from stg_product_categories

        union

        select parent_category_id, parent_category_id as ancestor_id
        from stg_product_categories
        where parent_category_id is not null

        union

        select category_id, category_id as ancestor_id
        from {{ ref("stg_products") }}
        where category_id is not null

        union

        -- of a forgotten line, when the source system has deleted line, product and category
        select category_id, category_id as ancestor_id
        from {{ source("register", "forgotten_lines") }}
        where category_id is not null

        union

        select stg_product_categories.category_id, tree.ancestor_id
        from stg_product_categories
        inner join tree on stg_product_categories.parent_category_id = tree.category_id

    )

select category_id, ancestor_id
from tree
