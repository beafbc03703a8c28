select purpose, publication, audience, must_not_overlap_with, legal_basis, description, honours_erasure
from {{ ref("purposes") }}
order by all
