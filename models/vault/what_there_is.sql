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

    ),

    -- so many purchases say of any shop whether there are two cells of k persons in a month; a small one
    -- has no more
    some_purchases as (

        select purchase_number, person_pseudonym, sold_month, net_amount
        from {{ ref("sales_by_purchase") }}
        where person_pseudonym is not null and visible_until > {{ today() }}
        limit 100000

    ),

    categories as (

        select
            some_purchases.sold_month,
            sales_by_line.category_number,
            some_purchases.person_pseudonym,
            sales_by_line.net_amount
        from some_purchases
        inner join
            {{ ref("sales_by_line") }} as sales_by_line
            on some_purchases.purchase_number = sales_by_line.purchase_number

    ),

    regions as (

        select
            some_purchases.sold_month,
            coalesce(person_regions.region, 'unknown') as region,
            some_purchases.person_pseudonym,
            some_purchases.net_amount
        from some_purchases
        left join
            {{ ref("person_regions") }} as person_regions
            on some_purchases.person_pseudonym = person_regions.person_pseudonym

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
-- the bands of an audience are given up later than the decade
{% for of_whom, attributes, given_up_later in [
    ("customers", "customer_attributes", ""),
    (
        "opt_ins",
        "audience_profiles",
        ", preferred_channel, contact_pressure, value_band, recency_band",
    ),
] -%}
    select '{{ of_whom }}.birth_decade' as what, count(*) > 1 as is_there
    from
        (
            select birth_decade
            from {{ ref(attributes) }}
            where birth_decade is not null
            group by birth_decade{{ given_up_later }}
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
-- and who of them gets no offers for now
select
    'pauses' as what,
    exists (
        select 1
        from {{ ref("pauses") }} as pauses
        inner join
            {{ ref("audience_attributes") }} as audience_attributes
            on pauses.person_pseudonym = audience_attributes.person_pseudonym
    ) as is_there
union all
select
    'cool_downs' as what,
    exists (
        select 1
        from {{ ref("cool_downs") }} as cool_downs
        inner join
            {{ ref("audience_attributes") }} as audience_attributes
            on cool_downs.person_pseudonym = audience_attributes.person_pseudonym
        where cool_downs.cool_until > {{ today() }}
    ) as is_there
union all
select
    'cells.segment' as what,
    exists (
        select 1
        from
            (
                select audience_messages.campaign_id
                from {{ ref("audience_messages") }} as audience_messages
                inner join
                    {{ ref("protected_marketing__audience_members") }} as audience_members
                    on audience_messages.person_pseudonym = audience_members.person_pseudonym
                where audience_messages.visible_until > {{ today() }}
                group by audience_messages.campaign_id, audience_members.value_band
                having count(distinct audience_messages.person_pseudonym) >= {{ setting("k") }}
            ) as large
        where campaign_id is not null
        group by campaign_id
        having count(*) > 1
    ) as is_there
union all
select 'offer_categories' as what, exists (select 1 from {{ ref("offer_categories") }}) as is_there
union all
select
    'offers' as what,
    exists (select 1 from {{ ref("offer_categories") }})
    and exists (select 1 from {{ ref("audience_attributes") }}) as is_there
union all
select
    'journeys' as what,
    exists (select 1 from {{ ref("protected_analytics__touchpoints") }})
    or exists (
        select 1 from {{ ref("protected_analytics__purchases") }} where person_pseudonym is not null
    ) as is_there
union all
-- persons enough for an aggregate
select 'cells' as what, count(distinct customer_id) >= {{ setting("k") }} as is_there
from {{ ref("kept_purchases") }}
union all
-- insights may have to leave out one cell of k persons in a month, but never two
{% for what, cells, by in [
    ("category_id", "categories", "category_number"),
    ("region", "regions", "region"),
] -%}
    select
        'cells.{{ what }}' as what,
        exists (
            select 1
            from
                (
                    select sold_month
                    from
                        (
                            select sold_month, {{ by }}, sum(abs(net_amount)) as turnover
                            from {{ cells }}
                            group by sold_month, {{ by }}, person_pseudonym
                        ) as bought
                    group by sold_month, {{ by }}
                    having
                        count(*) >= {{ setting("k") }}
                        and not {{ is_of_one_person("max(turnover)", "sum(turnover)") }}
                ) as large
            group by sold_month
            having count(*) > 1
        ) as is_there
    union all
{% endfor %}
select
    'cells.measure' as what,
    exists (
        select 1
        from
            (
                select happened_month, measure, count(*) as event_count
                from {{ ref("experiences") }}
                where visible_until > {{ today() }}
                group by happened_month, measure, person_pseudonym
            ) as persons
        group by happened_month, measure
        having
            count(*) >= {{ setting("k") }}
            and not {{ is_of_one_person("max(event_count)", "sum(event_count)") }}
    ) as is_there
union all
-- of whom after-sales needs something
{% for what, relation in [("guarantees", "guarantees"), ("service_contacts", "contacts")] -%}
    select
        '{{ what }}' as what, exists (select 1 from {{ ref("protected_service__" ~ relation) }}) as is_there
    union all
{% endfor %}
select
    'service_contacts.satisfaction' as what,
    exists (select 1 from {{ ref("protected_service__contacts") }} where satisfaction is not null) as is_there
union all
select 'requests' as what, exists (select 1 from {{ ref("erasure_requests") }}) as is_there
union all
select
    'categories' as what,
    exists (select 1 from {{ ref("product_category_tree") }})
    or exists (select 1 from {{ ref("sensitive_categories") }}) as is_there
