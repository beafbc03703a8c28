select fact, value from {{ ref("protected_marketing__about") }}
