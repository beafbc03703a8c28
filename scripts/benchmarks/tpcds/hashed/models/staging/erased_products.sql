select stg_erasure_requests.person_pseudonym, products.product_id
from {{ ref("stg_erasure_requests") }} as stg_erasure_requests
inner join
    {{ source("landing", "product_categories") }} as product_categories
    on stg_erasure_requests.category_id
    in (product_categories.category_id, product_categories.parent_category_id)
inner join
    {{ source("landing", "products") }} as products on product_categories.category_id = products.category_id
where stg_erasure_requests.scope = 'category'
