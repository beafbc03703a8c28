with

    kept_customers as (select * from {{ ref("kept_customers") }}),

    activities as (

        select person_pseudonym, cast(created_at as date) as active_on
        from kept_customers
        union all
        select person_pseudonym, purchased_on as active_on
        from {{ ref("kept_lines") }}
        union all
        select person_pseudonym, returned_on as active_on
        from {{ ref("kept_returns") }}

    ),

    last_activity as (

        select person_pseudonym, max(active_on) as active_on
        from activities
        where person_pseudonym is not null
        group by person_pseudonym

    )

select
    kept_customers.person_pseudonym,
    kept_customers.birth_decade,
    kept_customers.region,
    kept_customers.country,
    'unknown' as language,
    cast(date_trunc('month', kept_customers.created_at) as date) as customer_since_month
from kept_customers
inner join last_activity on kept_customers.person_pseudonym = last_activity.person_pseudonym
where last_activity.active_on + interval 36 month > date '{{ env_var("TPCDS_AS_OF") }}'
