with

    source as (select * from {{ source("landing", "legal_holds") }}),

    renamed as (

        select
            -- position in the delivery
            file_number,
            row_number,
            is_new,
            -- as landed, to tell unreadable from missing
            held_from as landed_held_from,
            held_until as landed_held_until,
            -- ids and texts
            {{ read_text("hold_id") }} as hold_id,
            {{ read_text("customer_id") }} as customer_id,
            {{ read_text("purchase_id") }} as purchase_id,
            {{ read_text("reason") }} as reason,
            -- times (UTC)
            {{ read_timestamp("held_from") }} as held_from,
            {{ read_timestamp("held_until") }} as held_until

        from source

    )

select
    *,
    {{
        reject_reason(
            required=["hold_id", "held_from"],
            timestamps=["held_from", "held_until"],
            may_be_ahead=["held_until"],
            also={"nothing_named": "customer_id is null and purchase_id is null"},
        )
    }} as reject_reason
from renamed
