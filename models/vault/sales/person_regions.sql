{#- The region of each person as it is now; of whom none is known, there is no row. -#}
{{
    config(
        materialized="updated",
        pre_hook="{{ delete_rebuilt('person', by='pseudonym', expires='needed_until') }}",
    )
}}

select {{ pseudonym("person") }} as person_pseudonym, regions.region, person_pseudonyms.needed_until
from {{ ref("kept_customers") }} as kept_customers
inner join
    {{ ref("person_pseudonyms") }} as person_pseudonyms
    on kept_customers.customer_id = person_pseudonyms.customer_id
inner join
    {{ ref("regions") }} as regions
    on {{ country("kept_customers.country") }} = regions.country
    and {{ postal_area("kept_customers.postal_code") }} = regions.postal_area
