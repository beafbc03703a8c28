select fact, value from {{ ref("protected_finance__about") }}
