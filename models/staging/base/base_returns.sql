with

    source as (select * from {{ source("landing", "returns") }}),

    renamed as (

        select
            -- position in the delivery
            file_number,
            row_number,
            is_new,
            -- as landed, to tell unreadable from missing
            returned_at as landed_returned_at,
            quantity as landed_quantity,
            -- ids and texts
            {{ read_text("return_id") }} as return_id,
            {{ read_text("purchase_id") }} as purchase_id,
            {{ read_text("line_number") }} as line_number,
            {{ read_text("reason") }} as reason,
            -- numbers
            {{ read_decimal("quantity") }} as quantity,
            -- dates
            {{ read_local_date("returned_at") }} as returned_on,
            -- times (UTC)
            {{ read_timestamp("returned_at") }} as returned_at

        from source

    )

select
    *,
    {{
        reject_reason(
            required=["return_id", "purchase_id", "line_number", "returned_at", "quantity"],
            timestamps=["returned_at"],
            decimals=["quantity"],
        )
    }} as reject_reason
from renamed
