-- The same category name occurs in several departments, so a category is identified by its path of names.
-- A level without a name is left out of the path, here and in products.sql.
with

    products as (select * from source.products),

    departments as (
        select distinct
            products.department as category_id,
            products.department as name,
            cast(null as varchar) as parent_category_id
        from products
    ),

    categories as (
        select distinct
            concat_ws(' > ', products.department, products.product_category) as category_id,
            products.product_category as name,
            products.department as parent_category_id
        from products
        where products.product_category is not null
    ),

    types as (
        select distinct
            concat_ws(
                ' > ', products.department, products.product_category, products.product_type
            ) as category_id,
            products.product_type as name,
            concat_ws(' > ', products.department, products.product_category) as parent_category_id
        from products
        where products.product_type is not null
    ),

    tree as (
        select *
        from departments
        union
        select *
        from categories
        union
        select *
        from types
    )

select tree.category_id, tree.name, tree.parent_category_id
from tree
order by category_id
