select person_pseudonym, topic, satisfaction, is_open, opened_on
from {{ ref("protected_service__contacts") }}
where visible_until > {{ today() }}
