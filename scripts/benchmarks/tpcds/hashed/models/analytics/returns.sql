select purchase_pseudonym, person_pseudonym, product_id, category_id, returned_on, quantity, reason
from {{ ref("kept_returns") }}
where purchased_on + interval 36 month > date '{{ env_var("TPCDS_AS_OF") }}'
