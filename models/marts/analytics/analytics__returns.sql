select purchase_pseudonym, person_pseudonym, product_id, category_id, returned_on, quantity, reason
from {{ ref("protected_analytics__returns") }}
where visible_until > {{ today() }}
