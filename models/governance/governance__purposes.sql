select purpose, publication, audience, legal_basis, description, honours_erasure
from {{ ref("purposes") }}
order by all
