select
    scope,
    {{ hmac("person", "customer_id") }} as person_pseudonym,
    {{ hmac("purchase", "purchase_id") }} as purchase_pseudonym,
    line_number,
    category_id,
    requested_at
from {{ source("landing", "erasure_requests") }}
