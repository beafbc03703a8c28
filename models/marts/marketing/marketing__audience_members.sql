select person_pseudonym, birth_decade, region, country, language
from {{ ref("protected_marketing__audience_members") }}
where visible_until > {{ today() }}
