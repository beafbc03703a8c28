with

    source as (select * from {{ source("landing", "support_tickets") }}),

    renamed as (

        select
            -- position in the delivery
            file_number,
            row_number,
            is_new,
            -- as landed, to tell unreadable from missing
            opened_at as landed_opened_at,
            closed_at as landed_closed_at,
            satisfaction as landed_satisfaction,
            -- ids and texts
            {{ read_text("ticket_id") }} as ticket_id,
            {{ read_text("customer_id") }} as customer_id,
            {{ read_text("purchase_id") }} as purchase_id,
            {{ read_text("topic") }} as topic,
            {{ read_text("message") }} as message,
            -- numbers
            {{ read_integer("satisfaction") }} as satisfaction,
            -- dates
            {{ read_local_date("opened_at") }} as opened_on,
            -- times (UTC)
            {{ read_timestamp("opened_at") }} as opened_at,
            {{ read_timestamp("closed_at") }} as closed_at

        from source

    )

select
    *,
    {{
        reject_reason(
            required=["ticket_id", "opened_at"],
            timestamps=["opened_at", "closed_at"],
            integers=["satisfaction"],
        )
    }} as reject_reason
from renamed
