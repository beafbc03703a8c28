{#- One pseudonym per person in the domain analytics, computed once; facts join it, they never hash. -#}
with

    persons as (

        select customer_id
        from {{ ref("kept_customers") }}
        union
        select customer_id
        from {{ ref("person_activity") }}
        union
        select customer_id
        from {{ ref("kept_marketing_messages") }}

    )

select customer_id, {{ issue_pseudonym("analytics", "person", "customer_id") }} as person_pseudonym
from persons
where customer_id is not null
