select person_pseudonym, product_id, category_id, quantity, purchased_on, visible_until as guaranteed_until
from {{ ref("protected_service__guarantees") }}
where visible_until > {{ today() }}
