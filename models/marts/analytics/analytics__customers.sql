select person_pseudonym, birth_decade, region, country, language, customer_since_month
from {{ ref("protected_analytics__customers") }}
where visible_until > {{ today() }}
