{#- Of what there is anything at all, for the checks: where there is nothing, an empty relation is what was promised
    (scripts/bigtrust/checks.py). It stays when the tables that it looks into are gone, and says nothing of anybody. -#}
with

    -- k_anonymous may have to generalise one class of k persons altogether, but never two
    months as (

        select count(*) > 1 as is_there
        from
            (
                select customer_since_month
                from {{ ref("customer_attributes") }}
                where customer_since_month is not null
                group by customer_since_month, birth_decade, region, country, language
                having count(*) >= {{ setting("k") }}
            ) as classes

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
select 'customers.customer_since_month' as what, is_there
from months
union all
{% for of_whom, attributes in [("customers", "customer_attributes"), ("opt_ins", "audience_attributes")] -%}
    select '{{ of_whom }}.birth_decade' as what, count(*) > 1 as is_there
    from
        (
            select birth_decade
            from {{ ref(attributes) }}
            where birth_decade is not null
            group by birth_decade
            having count(*) >= {{ setting("k") }}
        ) as decades
    union all
    select '{{ of_whom }}.k_persons' as what, count(*) >= {{ setting("k") }} as is_there
    from {{ ref(attributes) }}
    union all
{% endfor %}
-- whom marketing may see today
select 'opt_ins' as what, exists (select 1 from {{ ref("audience_attributes") }}) as is_there
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
