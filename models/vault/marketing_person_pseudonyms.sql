{#- One pseudonym per person in the domain marketing, only for persons whom marketing may see. -#}
{{ config(materialized="updated", pre_hook="{{ delete_rebuilt('person', expires='needed_until') }}") }}

with

    marketing_opt_ins as (select * from {{ ref("marketing_opt_ins") }}),

    person_activity as (select * from {{ ref("person_activity") }})

select
    marketing_opt_ins.customer_id,
    {{ issue_pseudonym("marketing", "person", "marketing_opt_ins.customer_id") }} as person_pseudonym,
    person_activity.needed_until
from marketing_opt_ins
inner join person_activity on marketing_opt_ins.customer_id = person_activity.customer_id
where
    person_activity.needed_until > {{ today() }} and {{ in_scope("person", "marketing_opt_ins.customer_id") }}
