{#- One row per landed row that does not reach staging: positions and reasons only, no value. -#}
{{ set_aside("customers", key=["customer_id"], latest_by="updated_at") }}
union all
{{ set_aside("consents", key=["customer_id", "purpose", "recorded_at", "channel", "granted"]) }}
union all
{{ set_aside("product_categories", key=["category_id"]) }}
union all
{{ set_aside("products", key=["product_id"]) }}
union all
{{ set_aside("purchases", key=["purchase_id"]) }}
union all
{{ set_aside("purchase_lines", key=["purchase_id", "line_number"]) }}
union all
{{ set_aside("returns", key=["return_id"]) }}
union all
{{ set_aside("web_events", key=["event_id"]) }}
union all
{{ set_aside("support_tickets", key=["ticket_id"]) }}
union all
{{ set_aside("marketing_messages", key=["message_id"]) }}
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
