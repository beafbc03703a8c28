{#- Who gets no offer at all for now, and the first reason of them. When a pause ends is not said: it would tell the day on
    which it began. A pause that has ended is gone with the next build. -#}
with

    pauses as (

        select person_pseudonym, reason, case reason when 'recent_complaint' then 1 else 2 end as place
        from {{ ref("quiet_persons") }}
        where quiet_until > {{ today() }}
        union all
        select person_pseudonym, 'contact_pressure' as reason, 3 as place
        from {{ ref("audience_profiles") }}
        where contact_pressure = 'at_limit'

    ),

    persons as (

        select person_pseudonym, arg_min(reason, place) as reason from pauses group by person_pseudonym

    )

select persons.person_pseudonym, persons.reason, audience_members.visible_until
from persons
inner join
    {{ ref("protected_marketing__audience_members") }} as audience_members
    on persons.person_pseudonym = audience_members.person_pseudonym
