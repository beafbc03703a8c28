with

    source as (select * from {{ source("landing", "web_events") }}),

    renamed as (

        select
            -- position in the delivery
            file_number,
            row_number,
            is_new,
            -- as landed, to tell unreadable from missing
            occurred_at as landed_occurred_at,
            -- ids and texts
            {{ read_text("event_id") }} as event_id,
            {{ read_text("customer_id") }} as customer_id,
            {{ read_text("event_type") }} as event_type,
            regexp_extract({{ read_text("url") }}, '^[^?#]*') as url_path,
            nullif(regexp_extract({{ read_text("url") }}, '[?#](.*)$', 1), '') as url_query,
            {{ read_text("product_id") }} as product_id,
            {{ read_text("category_id") }} as category_id,
            {{ read_text("purchase_id") }} as purchase_id,
            {{ read_text("ip_address") }} as ip_address,
            {{ read_text("user_agent") }} as user_agent,
            -- dates
            {{ read_local_date("occurred_at") }} as occurred_on,
            -- times (UTC)
            {{ read_timestamp("occurred_at") }} as occurred_at

        from source

    )

select
    *, {{ reject_reason(required=["event_id", "occurred_at"], timestamps=["occurred_at"]) }} as reject_reason
from renamed
