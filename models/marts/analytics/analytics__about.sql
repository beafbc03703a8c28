select fact, value from {{ ref("protected_analytics__about") }}
