{#- The last contact that came from the person, from what is kept only: it starts the retention window of a customer. -#}
with

    activities as (

        select customer_id, {{ local_date("created_at") }} as active_on
        from {{ ref("kept_customers") }}
        union all
        select customer_id, purchased_on as active_on
        from {{ ref("kept_purchase_lines") }}
        union all
        select customer_id, returned_on as active_on
        from {{ ref("kept_returns") }}
        union all
        select customer_id, occurred_on as active_on
        from {{ ref("kept_web_events") }}
        union all
        select customer_id, opened_on as active_on
        from {{ ref("kept_support_tickets") }}

    )

select customer_id, max(active_on) as last_active_on
from activities
where customer_id is not null and active_on is not null
group by customer_id
