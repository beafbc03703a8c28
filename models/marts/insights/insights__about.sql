select fact, value from {{ ref("protected_insights__about") }}
