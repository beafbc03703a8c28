with base_support_tickets as (select * from {{ ref("base_support_tickets") }})

select
    ticket_id,
    customer_id,
    purchase_id,
    topic,
    message,
    satisfaction,
    cast(file_number as integer) as file_number,
    cast(base_support_tickets.row_number as bigint) as row_number,
    opened_on,
    opened_at,
    closed_at
from base_support_tickets
where {{ staged("support_tickets") }}
