{#- Products that are new or are in another category since the last run: what is said of their lines changes. -#}
{{ config(materialized="working") }}

-- depends_on: {{ ref("category_cycles") }}
-- depends_on: {{ ref("product_category_tree") }}
-- depends_on: {{ ref("stg_products") }}
-- depends_on: {{ source("last_run", "category_cycles") }}
-- depends_on: {{ source("last_run", "product_categories") }}
-- depends_on: {{ source("last_run", "products") }}
{{
    require_full_build(
        "a product category is new, gone or in another place",
        "(from "
        ~ source("last_run", "product_categories")
        ~ " except from "
        ~ ref("product_category_tree")
        ~ ") union all (from "
        ~ ref("product_category_tree")
        ~ " except from "
        ~ source("last_run", "product_categories")
        ~ ")",
    )
}}
{{
    require_full_build(
        "the replacement cycle of a category changed",
        "(from "
        ~ source("last_run", "category_cycles")
        ~ " except from "
        ~ ref("category_cycles")
        ~ ") union all (from "
        ~ ref("category_cycles")
        ~ " except from "
        ~ source("last_run", "category_cycles")
        ~ ")",
    )
}}

select coalesce(stg_products.product_id, last_run.product_id) as product_id
from {{ ref("stg_products") }} as stg_products
{% if only_changes() %}
    full join
        {{ source("last_run", "products") }} as last_run on stg_products.product_id = last_run.product_id
    where
        stg_products.product_id is null
        or last_run.product_id is null
        or stg_products.category_id is distinct from last_run.category_id
{% else %} inner join (select null as product_id where false) as last_run on true
{% endif %}
