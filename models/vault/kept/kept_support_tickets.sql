{#- Tickets without those that name a purchase of which something was forgotten. -#}
{{ config(materialized="scoped") }}

with

    support_tickets as (

        select * from {{ ref("stg_support_tickets") }} where {{ in_scope("person", "customer_id") }}

    )

select ticket_id, customer_id, purchase_id, topic, satisfaction, opened_on, opened_at, closed_at
from support_tickets
where
    {{ not_of_an_erased_person("support_tickets.customer_id", "support_tickets.opened_at") }}
    and {{ names_no_touched_purchase("support_tickets.purchase_id") }}
