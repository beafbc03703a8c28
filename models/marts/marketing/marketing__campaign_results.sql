select campaign_id, segment, person_count, message_count, opened_count, clicked_count
from {{ ref("protected_marketing__campaign_results") }}
where visible_until > {{ today() }}
