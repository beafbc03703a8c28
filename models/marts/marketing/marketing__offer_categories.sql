select category_id, name, is_vulnerable from {{ ref("protected_marketing__offer_categories") }}
