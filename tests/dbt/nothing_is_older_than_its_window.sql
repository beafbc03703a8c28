{{
    config(
        group="privacy_office",
        meta={
            "code": "RET-04",
            "exit_code": 1,
            "remedy": "A row of a publication is older than its retention window. Look at the macro visible_until (macros/policy/), and at how the protected model uses it.",
        },
    )
}}
-- by the dates in the rows and the table of the policy: what computes visible_until is not asked
with

    retention_windows as (select * from {{ ref("retention_windows") }}),

    dated as (

        select 'analytics' as purpose, 'purchases' as data_category, purchased_on as dated_on
        from {{ ref("protected_analytics__purchases") }}
        union
        select 'analytics' as purpose, 'purchases' as data_category, purchased_on as dated_on
        from {{ ref("protected_analytics__purchase_lines") }}
        union
        select 'analytics' as purpose, 'returns' as data_category, returned_on as dated_on
        from {{ ref("protected_analytics__returns") }}
        union
        select
            'analytics' as purpose,
            case
                when touchpoint = 'support_ticket'
                then 'support_tickets'
                when touchpoint = 'marketing_message'
                then 'marketing_messages'
                else 'web_events'
            end as data_category,
            occurred_on as dated_on
        from {{ ref("protected_analytics__touchpoints") }}
        union
        select
            'analytics' as purpose, 'customers' as data_category, person_activity.last_active_on as dated_on
        from {{ ref("protected_analytics__customers") }} as customers
        inner join
            {{ ref("person_pseudonyms") }} as person_pseudonyms
            on customers.person_pseudonym = person_pseudonyms.person_pseudonym
        inner join
            {{ ref("person_activity") }} as person_activity
            on person_pseudonyms.customer_id = person_activity.customer_id
        union
        select
            'marketing' as purpose, 'customers' as data_category, person_activity.last_active_on as dated_on
        from {{ ref("protected_marketing__audience_members") }} as audience_members
        inner join
            {{ ref("marketing_person_pseudonyms") }} as person_pseudonyms
            on audience_members.person_pseudonym = person_pseudonyms.person_pseudonym
        inner join
            {{ ref("person_activity") }} as person_activity
            on person_pseudonyms.customer_id = person_activity.customer_id
        union
        select 'service' as purpose, 'purchases' as data_category, purchased_on as dated_on
        from {{ ref("protected_service__guarantees") }}
        union
        select 'service' as purpose, 'support_tickets' as data_category, opened_on as dated_on
        from {{ ref("protected_service__contacts") }}
        union
        select 'insights' as purpose, 'purchases' as data_category, sold_month as dated_on
        from {{ ref("protected_insights__sales_by_category_month") }}
        union
        select 'insights' as purpose, 'purchases' as data_category, sold_month as dated_on
        from {{ ref("protected_insights__sales_by_region_month") }}
        union
        select
            'insights' as purpose,
            case
                when measure = 'returns'
                then 'returns'
                when measure = 'messages'
                then 'marketing_messages'
                else 'support_tickets'
            end as data_category,
            happened_month as dated_on
        from {{ ref("protected_insights__experience_by_month") }}
        union
        select 'finance' as purpose, 'purchases' as data_category, sold_on as dated_on
        from {{ ref("protected_finance__daily_totals") }}

    )

select dated.purpose, dated.data_category
from dated
inner join
    retention_windows
    on dated.purpose = retention_windows.purpose
    and dated.data_category = retention_windows.data_category
where
    cast(dated.dated_on + to_months(cast(retention_windows.period_months as integer)) as date)
    <= {{ today() }}
