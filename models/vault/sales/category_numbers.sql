{#- A number for each category, the same as long as the tree is: of millions of rows, a number is kept instead of a text. -#}
{{ config(materialized="working") }}

select category_id, cast(row_number() over (order by category_id) as integer) as category_number
from (select distinct category_id from {{ ref("product_category_tree") }}) as categories
