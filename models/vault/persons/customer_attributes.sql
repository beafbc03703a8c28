{#- As treatments make them, rare combinations included: what is published of them, k_anonymous decides. -#}
{{
    config(
        materialized="updated",
        pre_hook="{{ delete_rebuilt('person', by='pseudonym', expires='visible_until') }}",
    )
}}

with

    kept_customers as (select * from {{ ref("kept_customers") }}),

    person_activity as (select * from {{ ref("person_activity") }}),

    person_pseudonyms as (select * from {{ ref("person_pseudonyms") }}),

    regions as (select * from {{ ref("regions") }}),

    customers as (

        select
            {{ pseudonym("person") }} as person_pseudonym,
            {{ birth_decade("kept_customers.birth_date") }} as birth_decade,
            coalesce(regions.region, 'unknown') as region,
            {{ country("kept_customers.country") }} as country,
            {{ language("kept_customers.language") }} as language,
            {{ month(local_date("kept_customers.created_at")) }} as customer_since_month,
            {{
                visible_until(
                    "customers",
                    "analytics",
                    {
                        "last_activity": "person_activity.last_active_on",
                        "account_creation": local_date("kept_customers.created_at"),
                    },
                )
            }} as visible_until
        from kept_customers
        inner join person_pseudonyms on kept_customers.customer_id = person_pseudonyms.customer_id
        inner join person_activity on kept_customers.customer_id = person_activity.customer_id
        left join
            regions
            on {{ country("kept_customers.country") }} = regions.country
            and {{ postal_area("kept_customers.postal_code") }} = regions.postal_area

    )

select *
from customers
where visible_until > {{ today() }}
