{#- When a pause ends is not said: it would tell the day on which it began. A pause that has ended is gone with the next build. -#}
select pauses.person_pseudonym, pauses.reason, audience_members.visible_until
from {{ ref("pauses") }} as pauses
inner join
    {{ ref("protected_marketing__audience_members") }} as audience_members
    on pauses.person_pseudonym = audience_members.person_pseudonym
