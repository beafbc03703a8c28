{#- One row per file of addresses that bigtrust activate has written. -#}
with disclosures as (select * from {{ source("runs", "disclosures") }})

select
    kind,
    campaign,
    subject,
    recipient,
    purpose,
    legal_basis,
    columns,
    persons,
    policy_version,
    commitment,
    use_until,
    disclosed_at
from disclosures
order by all
