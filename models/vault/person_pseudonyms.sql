{#- One pseudonym per person in the domain analytics, computed once; facts join it, they never hash. Only of persons of
    whom a purpose needs something: the others' numbers are not kept. -#}
{{ config(materialized="updated", pre_hook="{{ delete_rebuilt('person', expires='needed_until') }}") }}

select
    customer_id, {{ issue_pseudonym("analytics", "person", "customer_id") }} as person_pseudonym, needed_until
from {{ ref("person_activity") }}
where needed_until > {{ today() }} and {{ in_scope("person", "customer_id") }}
