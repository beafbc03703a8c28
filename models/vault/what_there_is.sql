{#- Of what there is anything at all, for the checks: where there is nothing, an empty relation is what was promised
    (scripts/bigtrust/checks.py). It stays when the tables that it looks into are gone, and says nothing of anybody. -#}
with

    -- whom marketing may see today
    opt_ins as (

        select kept_customers.birth_date
        from {{ ref("marketing_opt_ins") }} as marketing_opt_ins
        inner join
            {{ ref("kept_customers") }} as kept_customers
            on marketing_opt_ins.customer_id = kept_customers.customer_id
        inner join
            {{ ref("person_activity") }} as person_activity
            on marketing_opt_ins.customer_id = person_activity.customer_id
        where {{ visible_until("customers", "marketing", "person_activity.last_active_on") }} > {{ today() }}

    )

{% for landing_table, kept in [
        ("customers", "kept_customers"),
        ("purchases", "kept_purchases"),
        ("purchase_lines", "kept_purchases"),
        ("returns", "kept_returns"),
        ("web_events", "kept_web_events"),
        ("support_tickets", "kept_support_tickets"),
        ("marketing_messages", "kept_marketing_messages"),
        ("consents", "kept_consents"),
    ] -%}
    select '{{ landing_table }}' as what, exists (select 1 from {{ ref(kept) }}) as is_there
    union all
{% endfor %}
select 'opt_ins' as what, exists (select 1 from opt_ins) as is_there
union all
-- those of whom the decade of birth is known
select
    'opt_ins.birth_date' as what,
    exists (select 1 from opt_ins where birth_date between date '1900-01-01' and {{ today() }}) as is_there
union all
-- persons enough for an aggregate
select 'cells' as what, count(distinct customer_id) >= {{ setting("k") }} as is_there
from {{ ref("kept_purchases") }}
union all
select 'requests' as what, exists (select 1 from {{ ref("erasure_requests") }}) as is_there
union all
select
    'categories' as what,
    exists (select 1 from {{ ref("product_category_tree") }})
    or exists (select 1 from {{ ref("sensitive_categories") }}) as is_there
