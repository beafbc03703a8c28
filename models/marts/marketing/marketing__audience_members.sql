select
    person_pseudonym,
    birth_decade,
    region,
    country,
    language,
    preferred_channel,
    contact_pressure,
    value_band,
    recency_band
from {{ ref("protected_marketing__audience_members") }}
where visible_until > {{ today() }}
