select category_id, name, is_vulnerable from {{ ref("offer_categories") }}
