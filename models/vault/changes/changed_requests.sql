{#- Requests whose effect changed since the last run: new ones, withdrawn ones, those whose purchase arrived. -#}
{{ config(materialized="working") }}

-- depends_on: {{ ref("erasure_requests") }}
-- depends_on: {{ source("last_run", "requests") }}
{{
    require_full_build(
        "an erasure request is no longer there, or was rewritten",
        "select 1 from "
        ~ source("last_run", "requests")
        ~ " where request_key not in (select request_key from "
        ~ ref("erasure_requests")
        ~ ")",
    )
}}

select scope, customer_id, purchase_id
from {{ ref("erasure_requests") }} as erasure_requests
{% if only_changes() %}
    where
        not exists (
            select 1
            from {{ source("last_run", "requests") }} as last_run
            where
                last_run.request_key = erasure_requests.request_key
                and last_run.state = erasure_requests.state
        )
{% else %} where false
{% endif %}
