{#- The registered treatments, each applied to a stand-in: what the lineage (scripts/bigtrust/lineage) takes for a treatment
    is written exactly so. It holds no row. -#}
{{ config(materialized="view") }}

select
    -- read from text: the same value, with the class that it had
    {{ read_text("the_text") }} as read_text,
    {{ read_date("the_text") }} as read_date,
    {{ read_timestamp("the_text") }} as read_timestamp,
    {{ read_decimal("the_text") }} as read_decimal,
    {{ read_integer("the_text") }} as read_integer,
    {{ read_boolean("the_text") }} as read_boolean,
    -- whether a time can be one: says nothing of anybody
    the_time > timezone('UTC', now()) + interval 1 day as is_in_the_future,
    the_time < timestamp '1900-01-01 00:00:00' as is_out_of_range,
    the_time
    between timestamp '1900-01-01 00:00:00' and timezone('UTC', now()) + interval 1 day as is_possible,
    the_time
    between timestamp '1900-01-01 00:00:00' and timestamp '9999-12-31 23:59:59' as is_possible_or_ahead,
    the_time <= timezone('UTC', now()) as has_passed,
    -- identifiers
    {{ issue_pseudonym("analytics", "person", "the_identifier") }} as analytics_person_pseudonym,
    {{ issue_pseudonym("analytics", "purchase", "the_identifier") }} as analytics_purchase_pseudonym,
    {{ issue_pseudonym("marketing", "person", "the_identifier") }} as marketing_person_pseudonym,
    {{ issue_pseudonym("service", "person", "the_identifier") }} as service_person_pseudonym,
    -- quasi-identifiers
    {{ birth_decade("the_date") }} as birth_decade,
    {{ is_of_age("the_date") }} as is_of_age,
    {{ country("the_text") }} as country,
    {{ language("the_text") }} as language,
    {{ postal_area("the_text") }} as postal_area,
    {{ store("the_text") }} as store,
    {{ contact_channel("the_text") }} as contact_channel,
    {{ contact_band("the_number") }} as contact_band,
    {{ value_band("the_number") }} as value_band,
    {{ recency_band("the_date") }} as recency_band,
    {{ month(local_date("the_time")) }} as month,
    {{ local_date("the_time") }} as day,
    {{ read_local_date("the_text") }} as day_of_text,
    cast(the_time as date) as day_in_utc
from
    (
        values
            (
                cast(null as varchar),
                cast(null as date),
                cast(null as timestamp),
                cast(null as decimal),
                cast(null as varchar)
            )
    ) as stand_ins(the_text, the_date, the_time, the_number, the_identifier)
where false
