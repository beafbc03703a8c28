with

    source as (select * from {{ source("landing", "product_categories") }}),

    renamed as (

        select
            -- position in the delivery
            file_number,
            row_number,
            is_new,
            -- as landed, to tell unreadable from missing
            replacement_cycle_months as landed_replacement_cycle_months,
            -- ids and texts
            {{ read_text("category_id") }} as category_id,
            {{ read_text("name") }} as name,
            {{ read_text("parent_category_id") }} as parent_category_id,
            -- numbers
            {{ read_integer("replacement_cycle_months") }} as replacement_cycle_months

        from source

    )

select
    *, {{ reject_reason(required=["category_id"], integers=["replacement_cycle_months"]) }} as reject_reason
from renamed
