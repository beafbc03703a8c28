{#- One pseudonym per purchase in the domain analytics, computed once. Only of purchases that a purpose needs. -#}
{{ config(materialized="updated", pre_hook="{{ delete_rebuilt('purchase', expires='needed_until') }}") }}

with

    purchases as (

        select
            purchase_number,
            purchase_id,
            -- marketing knows no purchase by its number
            {{
                needed_until(
                    "purchases", {"purchase": "purchased_on"}, honours_erasure=true, but_for="marketing"
                )
            }} as needed_until
        from {{ ref("kept_purchases") }}

    )

select
    purchase_number,
    purchase_id,
    {{ issue_pseudonym("analytics", "purchase", "purchase_id") }} as purchase_pseudonym,
    needed_until
from purchases
where needed_until > {{ today() }}
