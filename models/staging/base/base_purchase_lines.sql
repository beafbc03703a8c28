with

    source as (select * from {{ source("landing", "purchase_lines") }}),

    renamed as (

        select
            -- position in the delivery
            file_number,
            row_number,
            is_new,
            -- as landed, to tell unreadable from missing
            quantity as landed_quantity,
            unit_price as landed_unit_price,
            discount as landed_discount,
            -- ids and texts
            {{ read_text("purchase_id") }} as purchase_id,
            {{ read_text("line_number") }} as line_number,
            {{ read_text("product_id") }} as product_id,
            -- numbers
            {{ read_decimal("quantity") }} as quantity,
            {{ read_decimal("unit_price") }} as unit_price,
            {{ read_decimal("discount") }} as discount

        from source

    )

select
    *,
    {{
        reject_reason(
            required=["purchase_id", "line_number", "product_id", "quantity", "unit_price"],
            decimals=["quantity", "unit_price", "discount"],
        )
    }} as reject_reason
from renamed
