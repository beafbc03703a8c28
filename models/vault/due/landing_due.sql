{#- What the source systems should now delete: where each row lies in the delivery, never a value of it
    (docs/decisions/0014-landing-due-keys-stay-in-the-vault.md). A purchase takes its lines along. -#}
select landing_table, file_number, landing_unneeded.row_number, reason, due_since
from {{ ref("landing_unneeded") }} as landing_unneeded
where not is_held
