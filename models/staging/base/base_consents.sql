with

    source as (select * from {{ source("landing", "consents") }}),

    renamed as (

        select
            -- position in the delivery
            file_number,
            row_number,
            is_new,
            -- as landed, to tell unreadable from missing
            granted as landed_granted,
            recorded_at as landed_recorded_at,
            -- ids and texts
            {{ read_text("customer_id") }} as customer_id,
            {{ read_text("purpose") }} as purpose,
            {{ read_text("channel") }} as channel,
            -- booleans
            {{ read_boolean("granted") }} as granted,
            -- times (UTC)
            {{ read_timestamp("recorded_at") }} as recorded_at

        from source

    )

select
    *,
    {{
        reject_reason(
            required=["customer_id", "purpose", "granted", "recorded_at"],
            timestamps=["recorded_at"],
            booleans=["granted"],
        )
    }} as reject_reason
from renamed
