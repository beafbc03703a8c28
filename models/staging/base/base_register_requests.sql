with

    source as (select * from {{ source("landing", "register_requests") }}),

    renamed as (

        select
            -- position in the delivery
            file_number,
            row_number,
            is_new,
            -- as landed, to tell unreadable from missing
            requested_at as landed_requested_at,
            withdrawn_at as landed_withdrawn_at,
            -- ids and texts
            {{ read_text("request_id") }} as request_id,
            {{ read_text("scope") }} as scope,
            {{ read_text("customer_id") }} as customer_id,
            {{ read_text("purchase_id") }} as purchase_id,
            {{ read_text("line_number") }} as line_number,
            {{ read_text("category_id") }} as category_id,
            {{ read_text("channel") }} as channel,
            -- times (UTC)
            {{ read_timestamp("requested_at") }} as requested_at,
            {{ read_timestamp("withdrawn_at") }} as withdrawn_at

        from source

    )

select
    *,
    {{
        reject_reason(
            required=["request_id", "scope", "requested_at"],
            timestamps=["requested_at", "withdrawn_at"],
            also={
                "scope_unknown": "scope not in ('purchase_line', 'purchase', 'category', 'person')",
                "purchase_id_missing_for_scope": "scope in ('purchase_line', 'purchase') and purchase_id is null",
                "line_number_missing_for_scope": "scope = 'purchase_line' and line_number is null",
                "customer_id_missing_for_scope": "scope in ('category', 'person') and customer_id is null",
                "category_id_missing_for_scope": "scope = 'category' and category_id is null",
            },
        )
    }}
    as reject_reason
from renamed
