{#- How much the source systems should now delete, and how much more a legal hold keeps: counts, no keys
    (docs/decisions/0014-landing-due-keys-stay-in-the-vault.md). -#}
with

    landing_unneeded as (select * from {{ ref("landing_unneeded") }}),

    tables as (

        select *
        from
            (
                values
                    ('customers'),
                    ('consents'),
                    ('purchases'),
                    ('purchase_lines'),
                    ('returns'),
                    ('web_events'),
                    ('support_tickets'),
                    ('marketing_messages')
            ) as tables(landing_table)

    ),

    reasons as (select * from (values ('expired'), ('forgotten')) as reasons(reason)),

    counts as (

        select
            landing_table,
            reason,
            count(*) filter (where not is_held) as due,
            count(*) filter (where is_held) as delayed_by_legal_hold,
            min(due_since) filter (where not is_held) as oldest_due_since
        from landing_unneeded
        group by landing_table, reason

    )

select
    tables.landing_table,
    reasons.reason,
    coalesce(counts.due, 0) as due,
    coalesce(counts.delayed_by_legal_hold, 0) as delayed_by_legal_hold,
    counts.oldest_due_since
from tables
cross join reasons
left join counts on tables.landing_table = counts.landing_table and reasons.reason = counts.reason
order by all
