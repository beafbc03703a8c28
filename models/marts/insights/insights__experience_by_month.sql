select happened_month, segment, measure, person_count, event_count, mean_value, median_value
from {{ ref("protected_insights__experience_by_month") }}
where visible_until > {{ today() }}
