{#- After how many months one usually buys again what is of a category: what the policy says goes before the catalogue. What
    has no cycle of its own has the longest of the categories above it. -#}
{{ config(materialized="working") }}

with

    policy as (select category_id, cast(months as integer) as months from {{ ref("replacement_cycles") }}),

    stg_product_categories as (select * from {{ ref("stg_product_categories") }}),

    cycles as (

        select category_id, months
        from policy
        union all
        select category_id, replacement_cycle_months as months
        from stg_product_categories
        where category_id not in (select category_id from policy)

    )

select
    tree.category_id,
    coalesce(
        max(cycles.months) filter (where tree.ancestor_id = tree.category_id), max(cycles.months)
    ) as months
from {{ ref("product_category_tree") }} as tree
inner join cycles on tree.ancestor_id = cycles.category_id
where cycles.months > 0
group by tree.category_id
