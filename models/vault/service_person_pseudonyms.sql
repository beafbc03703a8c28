{#- One pseudonym per person in the domain service, only for persons of whom after-sales needs something. -#}
{{ config(materialized="updated", pre_hook="{{ delete_rebuilt('person', expires='needed_until') }}") }}

with

    needs as (

        select customer_id, {{ visible_until("purchases", "service", "purchased_on") }} as needed_until
        from {{ ref("kept_purchases") }}
        union all
        select customer_id, {{ visible_until("support_tickets", "service", "opened_on") }} as needed_until
        from {{ ref("kept_support_tickets") }}

    ),

    persons as (

        select customer_id, max(needed_until) as needed_until
        from needs
        where customer_id is not null and {{ in_scope("person", "customer_id") }}
        group by customer_id

    )

select
    customer_id, {{ issue_pseudonym("service", "person", "customer_id") }} as person_pseudonym, needed_until
from persons
where needed_until > {{ today() }}
