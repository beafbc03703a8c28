with base_web_events as (select * from {{ ref("base_web_events") }})

select
    event_id,
    customer_id,
    event_type,
    url_path,
    url_query,
    product_id,
    category_id,
    purchase_id,
    ip_address,
    user_agent,
    cast(file_number as integer) as file_number,
    cast(base_web_events.row_number as bigint) as row_number,
    occurred_on,
    occurred_at
from base_web_events
where {{ staged("web_events") }}
