select landing_table, reason, count(*) as rejected
from {{ ref("landing_set_aside") }}
where status = 'rejected'
group by landing_table, reason
order by all
