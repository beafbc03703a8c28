select person_pseudonym, occurred_on, touchpoint, channel, category_id, outcome
from {{ ref("protected_analytics__touchpoints") }}
where visible_until > {{ today() }}
