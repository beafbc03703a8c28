{#- What each person did, step by step, as far as it is visible today. -#}
with

    steps as (

        select person_pseudonym, occurred_on, touchpoint as kind, channel, category_id, outcome
        from {{ ref("analytics__touchpoints") }}
        union all
        select
            person_pseudonym,
            purchased_on as occurred_on,
            'purchase' as kind,
            channel,
            cast(null as varchar) as category_id,
            'bought' as outcome
        from {{ ref("analytics__purchases") }}
        where person_pseudonym is not null
        union all
        select
            person_pseudonym,
            returned_on as occurred_on,
            'return' as kind,
            'unknown' as channel,
            category_id,
            'returned' as outcome
        from {{ ref("analytics__returns") }}
        where person_pseudonym is not null

    )

select
    person_pseudonym,
    row_number() over journey as step,
    kind,
    channel,
    category_id,
    outcome,
    occurred_on,
    occurred_on - lag(occurred_on) over journey as days_since_previous
from steps
window journey as (partition by person_pseudonym order by occurred_on, kind, channel, category_id, outcome)
