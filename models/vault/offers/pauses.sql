{#- Who gets no offer at all for now, and the first reason of them. -#}
{{ config(materialized="working") }}

with

    reasons as (

        select person_pseudonym, reason, case reason when 'recent_complaint' then 1 else 2 end as place
        from {{ ref("quiet_persons") }}
        where quiet_until > {{ today() }}
        union all
        select person_pseudonym, 'contact_pressure' as reason, 3 as place
        from {{ ref("audience_profiles") }}
        where contact_pressure = 'at_limit'

    )

select person_pseudonym, arg_min(reason, place) as reason
from reasons
group by person_pseudonym
