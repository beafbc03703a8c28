{#- The keys that the source systems should now delete. A purchase takes its lines along. -#}
select landing_table, key, reason, due_since from {{ ref("landing_unneeded") }} where not is_held
