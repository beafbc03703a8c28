with

    source as (select * from {{ source("landing", "marketing_messages") }}),

    renamed as (

        select
            -- position in the delivery
            file_number,
            row_number,
            is_new,
            -- as landed, to tell unreadable from missing
            sent_at as landed_sent_at,
            opened_at as landed_opened_at,
            clicked_at as landed_clicked_at,
            -- ids and texts
            {{ read_text("message_id") }} as message_id,
            {{ read_text("customer_id") }} as customer_id,
            {{ read_text("campaign_id") }} as campaign_id,
            {{ read_text("category_id") }} as category_id,
            {{ read_text("purchase_id") }} as purchase_id,
            {{ read_text("channel") }} as channel,
            -- dates
            {{ read_local_date("sent_at") }} as sent_on,
            -- times (UTC)
            {{ read_timestamp("sent_at") }} as sent_at,
            {{ read_timestamp("opened_at") }} as opened_at,
            {{ read_timestamp("clicked_at") }} as clicked_at

        from source

    )

select
    *,
    {{
        reject_reason(
            required=["message_id", "customer_id", "sent_at"],
            timestamps=["sent_at", "opened_at", "clicked_at"],
        )
    }} as reject_reason
from renamed
