{#- Who may receive addresses, as the policy says. -#}
select
    recipient,
    name,
    country,
    purpose,
    legal_basis,
    columns,
    transfer_basis,
    cast(contract_on as date) as contract_on
from {{ ref("recipients") }}
order by all
