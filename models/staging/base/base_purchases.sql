with

    source as (select * from {{ source("landing", "purchases") }}),

    renamed as (

        select
            -- position in the delivery
            file_number,
            row_number,
            is_new,
            -- as landed, to tell unreadable from missing
            purchased_at as landed_purchased_at,
            -- ids and texts
            {{ read_text("purchase_id") }} as purchase_id,
            {{ read_text("customer_id") }} as customer_id,
            {{ read_text("channel") }} as channel,
            {{ read_text("store_id") }} as store_id,
            {{ read_text("payment_reference") }} as payment_reference,
            -- dates
            {{ read_local_date("purchased_at") }} as purchased_on,
            -- times (UTC)
            {{ read_timestamp("purchased_at") }} as purchased_at

        from source

    )

select
    *,
    {{ reject_reason(required=["purchase_id", "purchased_at"], timestamps=["purchased_at"]) }}
    as reject_reason
from renamed
