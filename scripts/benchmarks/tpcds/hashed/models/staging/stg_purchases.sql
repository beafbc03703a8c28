select
    {{ hmac("purchase", "purchase_id") }} as purchase_pseudonym,
    {{ hmac("person", "customer_id") }} as person_pseudonym,
    channel,
    cast(purchased_at as date) as purchased_on,
    purchased_at
from {{ source("landing", "purchases") }}
