{#- What customers get, in figures. What each says, and the query that gives it again, is in the meta of its YAML. -#}
with

    honoured as (select * from {{ source("runs", "honoured_requests") }}),

    runs as (select * from {{ ref("governance__runs") }}),

    disclosures as (select * from {{ ref("governance__disclosures") }}),

    retention_status as (select * from {{ ref("governance__retention_status") }}),

    erasure_status as (select * from {{ ref("governance__erasure_status") }}),

    landing_due as (select * from {{ ref("governance__landing_due") }}),

    askers as (

        select count(distinct coalesce(customer_id, purchase_customer_id)) as persons
        from {{ ref("erasure_requests") }}
        where state <> 'withdrawn'

    ),

    customers as (select count(*) as persons from {{ ref("stg_customers") }}),

    offers as (

        select count(*) filter (where not is_vulnerable) as categories
        from {{ ref("protected_marketing__offer_categories") }}

    ),

    pauses as (select count(*) as persons from {{ ref("protected_marketing__offer_pauses") }}),

    cool_downs as (

        select count(*) as pairs
        from {{ ref("protected_marketing__offer_cool_downs") }} as offer_cool_downs
        inner join
            {{ ref("protected_marketing__offer_categories") }} as offer_categories
            on offer_cool_downs.category_id = offer_categories.category_id
        left join
            {{ ref("protected_marketing__offer_pauses") }} as offer_pauses
            on offer_cool_downs.person_pseudonym = offer_pauses.person_pseudonym
        where offer_pauses.person_pseudonym is null and not offer_categories.is_vulnerable

    ),

    figures as (

        select 'requests_honoured' as figure, 'all' as subject, cast(count(*) as decimal(18, 2)) as value
        from honoured
        union all
        select 'days_to_honour_median', 'all', cast(median(days) as decimal(18, 2))
        from honoured
        union all
        select 'days_to_honour_95th', 'all', cast(quantile_cont(days, 0.95) as decimal(18, 2))
        from honoured
        union all
        select 'days_oldest_open', 'all', cast({{ today() }} - min(oldest_requested_on) as decimal(18, 2))
        from erasure_status
        where state = 'pending'
        union all
        select
            'customers_who_forgot',
            'all',
            case
                when askers.persons >= {{ setting("k") }} or askers.persons = 0
                then cast(100.0 * askers.persons / nullif(customers.persons, 0) as decimal(18, 2))
            end
        from askers
        cross join customers
        union all
        select
            'offers_not_sent',
            'all',
            cast(pauses.persons * offers.categories + cool_downs.pairs as decimal(18, 2))
        from pauses
        cross join offers
        cross join cool_downs
        union all
        select
            'rows_deleted_on_time',
            'all',
            cast(100.0 * sum(inside) / nullif(sum(inside) + sum(expired_but_present), 0) as decimal(18, 2))
        from retention_status
        union all
        select 'rows_due_at_the_source', landing_table, cast(sum(due) as decimal(18, 2))
        from landing_due
        group by landing_table
        union all
        select
            'days_since_a_failed_check',
            'all',
            cast(
                {{ today() }}
                - cast(max(started_at) filter (where checks_failed > 0) as date) as decimal(18, 2)
            )
        from runs
        union all
        select 'addresses_disclosed', recipient || ' for ' || purpose, cast(sum(persons) as decimal(18, 2))
        from disclosures
        group by recipient, purpose

    )

select figure, subject, value
from figures
order by all
