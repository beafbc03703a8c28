{#- One row per landed row that does not reach staging: positions and reasons only, no value. -#}
{{
    config(
        materialized="updated",
        pre_hook="{{ delete_set_aside_of_whole_tables() }}",
    )
}}

with

    set_aside as (
        {{ set_aside("customers", key=["customer_id"], latest_by="coalesce(updated_at, created_at)") }}
        union all
        {{ set_aside("consents", key=["customer_id", "purpose", "recorded_at", "channel", "granted"]) }}
        union all
        {{ set_aside("product_categories", key=["category_id"]) }}
        union all
        {{ set_aside("products", key=["product_id"]) }}
        union all
        {{ set_aside("purchases", key=["purchase_id"], event_times=["purchased_at"]) }}
        union all
        {{
            set_aside(
                "purchase_lines",
                key=["purchase_id", "line_number"],
                numbered_within="purchase_id",
                is_event=true,
            )
        }}
        union all
        {{ set_aside("returns", key=["return_id"], event_times=["returned_at"]) }}
        union all
        {{ set_aside("web_events", key=["event_id"], event_times=["occurred_at"]) }}
        union all
        {{ set_aside("support_tickets", key=["ticket_id"], event_times=["opened_at", "closed_at"]) }}
        union all
        {{
            set_aside(
                "marketing_messages",
                key=["message_id"],
                event_times=["sent_at", "opened_at", "clicked_at"],
            )
        }}
        union all
        {{
            set_aside(
                "erasure_requests",
                key=["request_id", "scope", "customer_id", "purchase_id", "line_number", "category_id"],
            )
        }}
        union all
        {{
            set_aside(
                "register_requests",
                key=["request_id", "scope", "customer_id", "purchase_id", "line_number", "category_id"],
            )
        }}
        union all
        {{ set_aside("legal_holds", key=["hold_id"]) }}
    )

select landing_table, file_number, row_number, status, reason, recheck_at
from set_aside
{% if only_changes() %}
    where
        not exists (
            select 1
            from {{ this }} as known
            where
                known.landing_table = set_aside.landing_table
                and known.file_number = set_aside.file_number
                and known.row_number = set_aside.row_number
        )
{% endif %}
