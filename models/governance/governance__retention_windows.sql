select data_category, purpose, start_event, legal_source, cast(period_months as integer) as period_months
from {{ ref("retention_windows") }}
order by all
