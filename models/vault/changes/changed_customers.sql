{#- Customers whose record is new, other or gone since the last run. Of persons whose number is not kept, the last run
    left the digest of the record only. -#}
{{ config(materialized="working") }}

-- depends_on: {{ ref("customer_states") }}
-- depends_on: {{ source("last_run", "customers") }}
{% if only_changes() %}
    select customer_id
    from {{ ref("customer_states") }}
    where row_state not in (select row_state from {{ source("last_run", "customers") }})
    union
    select customer_id
    from {{ source("last_run", "customers") }}
    where
        customer_id is not null and customer_id not in (select customer_id from {{ ref("customer_states") }})
{% else %} select cast(null as varchar) as customer_id where false
{% endif %}
