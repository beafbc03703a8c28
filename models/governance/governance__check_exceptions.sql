select code, object, reason, owner, approved_by, cast(expires_on as date) as expires_on
from {{ ref("check_exceptions") }}
order by all
