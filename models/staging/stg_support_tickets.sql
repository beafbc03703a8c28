with base_support_tickets as (select * from {{ ref("base_support_tickets") }})

select ticket_id, customer_id, purchase_id, topic, message, satisfaction, opened_on, opened_at, closed_at
from base_support_tickets
where {{ staged("support_tickets") }}
