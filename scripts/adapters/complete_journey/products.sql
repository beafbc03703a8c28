-- A product has a number, a place in the tree, a brand and a package size, but no name and no list price.
with products as (select * from source.products)

select
    products.product_id,
    concat_ws(' > ', products.department, products.product_category, products.product_type) as category_id
from products
order by products.product_id
