with

    source as (select * from {{ source("landing", "products") }}),

    renamed as (

        select
            -- position in the delivery
            file_number,
            row_number,
            is_new,
            -- as landed, to tell unreadable from missing
            list_price as landed_list_price,
            -- ids and texts
            {{ read_text("product_id") }} as product_id,
            {{ read_text("category_id") }} as category_id,
            {{ read_text("name") }} as name,
            -- numbers
            {{ read_decimal("list_price") }} as list_price

        from source

    )

select *, {{ reject_reason(required=["product_id"], decimals=["list_price"]) }} as reject_reason
from renamed
