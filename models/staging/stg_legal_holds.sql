with base_legal_holds as (select * from {{ ref("base_legal_holds") }})

select hold_id, customer_id, purchase_id, reason, held_from, held_until
from base_legal_holds
where {{ staged("legal_holds") }}
