select fact, value from {{ ref("protected_service__about") }}
