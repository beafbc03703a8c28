with

    source as (select * from {{ source("landing", "customers") }}),

    renamed as (

        select
            -- position in the delivery
            file_number,
            row_number,
            is_new,
            -- as landed, to tell unreadable from missing
            birth_date as landed_birth_date,
            created_at as landed_created_at,
            updated_at as landed_updated_at,
            -- ids and texts
            {{ read_text("customer_id") }} as customer_id,
            {{ read_text("first_name") }} as first_name,
            {{ read_text("last_name") }} as last_name,
            {{ read_text("email") }} as email,
            {{ read_text("phone") }} as phone,
            {{ read_text("street") }} as street,
            {{ read_text("postal_code") }} as postal_code,
            {{ read_text("city") }} as city,
            {{ read_text("country") }} as country,
            {{ read_text("language") }} as language,
            -- dates
            {{ read_date("birth_date") }} as birth_date,
            -- times (UTC)
            {{ read_timestamp("created_at") }} as created_at,
            {{ read_timestamp("updated_at") }} as updated_at

        from source

    )

select
    *,
    {{
        reject_reason(
            required=["customer_id"], timestamps=["created_at", "updated_at"], dates=["birth_date"]
        )
    }} as reject_reason
from renamed
