{#- What the till offers to forget, from the category tree and the policy alone. A category that the policy calls
    sensitive is offered even if nobody has delivered it under this number: better once too often. -#}
with

    tree as (select * from {{ ref("product_category_tree") }}),

    stg_product_categories as (select * from {{ ref("stg_product_categories") }}),

    sensitive_categories as (select * from {{ ref("sensitive_categories") }}),

    -- a parent that a category names may never have been delivered itself
    ancestors as (

        select category_id, ancestor_id
        from tree
        union
        select tree.category_id, stg_product_categories.parent_category_id as ancestor_id
        from tree
        inner join stg_product_categories on tree.ancestor_id = stg_product_categories.category_id
        where stg_product_categories.parent_category_id is not null

    ),

    categories as (

        select category_id
        from tree
        union
        select category_id
        from sensitive_categories

    ),

    sensitive as (

        select category_id, string_agg(distinct legal_source, '; ' order by legal_source) as legal_source
        from
            (
                select category_id, legal_source
                from sensitive_categories
                union
                select ancestors.category_id, sensitive_categories.legal_source
                from ancestors
                inner join sensitive_categories on ancestors.ancestor_id = sensitive_categories.category_id
            ) as with_children
        group by category_id

    ),

    offers as (

        select
            categories.category_id,
            stg_product_categories.name,
            case
                when sensitive.category_id is not null
                then 'sensitive'
                when stg_product_categories.replacement_cycle_months >= {{ setting("forget_offer_months") }}
                then 'replacement_cycle'
            end as why,
            sensitive.legal_source,
            stg_product_categories.replacement_cycle_months,
            categories.category_id in (select ancestor_id from ancestors) as is_delivered
        from categories
        left join stg_product_categories on categories.category_id = stg_product_categories.category_id
        left join sensitive on categories.category_id = sensitive.category_id

    )

select
    category_id,
    name,
    why,
    legal_source,
    replacement_cycle_months,
    why is not null as is_offered,
    is_delivered
from offers
order by all
