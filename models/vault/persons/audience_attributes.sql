{#- As treatments make them, rare combinations included: what is published of them, k_anonymous decides. -#}
{{
    config(
        materialized="updated",
        pre_hook="{{ delete_rebuilt('person', by='pseudonym', domain='marketing', expires='visible_until') }}",
    )
}}

with

    kept_customers as (select * from {{ ref("kept_customers") }}),

    marketing_opt_ins as (select * from {{ ref("marketing_opt_ins") }}),

    person_activity as (select * from {{ ref("person_activity") }}),

    person_pseudonyms as (select * from {{ ref("marketing_person_pseudonyms") }}),

    regions as (select * from {{ ref("regions") }}),

    audience_members as (

        select
            {{ pseudonym("person") }} as person_pseudonym,
            {{ birth_decade("kept_customers.birth_date") }} as birth_decade,
            coalesce(regions.region, 'unknown') as region,
            {{ country("kept_customers.country") }} as country,
            {{ language("kept_customers.language") }} as language,
            {{ visible_until("customers", "marketing", "person_activity.last_active_on") }} as visible_until
        from kept_customers
        -- without consent there is no row
        inner join marketing_opt_ins on kept_customers.customer_id = marketing_opt_ins.customer_id
        inner join person_pseudonyms on kept_customers.customer_id = person_pseudonyms.customer_id
        inner join person_activity on kept_customers.customer_id = person_activity.customer_id
        left join
            regions
            on {{ country("kept_customers.country") }} = regions.country
            and {{ postal_area("kept_customers.postal_code") }} = regions.postal_area

    )

select *
from audience_members
where visible_until > {{ today() }}
