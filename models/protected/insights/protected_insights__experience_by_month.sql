{#- A cell that describes fewer than k persons, or is nearly all of one person, is not written at all. Where all that is not
    written of the regions of a month is so, too, the smallest other region is not written either: the segment `all` is there. -#}
with

    experiences as (

        select
            experiences.person_pseudonym,
            experiences.measure,
            experiences.value,
            experiences.happened_month,
            coalesce(person_regions.region, 'unknown') as region,
            experiences.visible_until
        from {{ ref("experiences") }} as experiences
        left join
            {{ ref("person_regions") }} as person_regions
            on experiences.person_pseudonym = person_regions.person_pseudonym
        where experiences.visible_until > {{ today() }}

    ),

    events as (

        select person_pseudonym, measure, value, happened_month, region as segment, visible_until
        from experiences
        union all
        select person_pseudonym, measure, value, happened_month, 'all' as segment, visible_until
        from experiences

    ),

    persons as (

        select
            happened_month,
            segment,
            measure,
            person_pseudonym,
            count(*) as event_count,
            min(visible_until) as visible_until
        from events
        group by happened_month, segment, measure, person_pseudonym

    ),

    cells as (

        select
            happened_month,
            segment,
            measure,
            count(*) as person_count,
            cast(sum(event_count) as bigint) as event_count,
            max(event_count) as most_of_one_person,
            min(visible_until) as visible_until
        from persons
        group by happened_month, segment, measure

    ),

    measured as (

        select
            happened_month,
            segment,
            measure,
            cast(avg(value) as decimal(18, 2)) as mean_value,
            cast(median(value) as decimal(18, 2)) as median_value
        from events
        group by happened_month, segment, measure

    ),

    too_few as (

        select happened_month, measure
        from cells
        where
            segment <> 'all'
            and (
                person_count < {{ setting("k") }}
                or {{ is_of_one_person("most_of_one_person", "event_count") }}
            )
        group by happened_month, measure
        having
            sum(person_count) < {{ setting("k") }}
            or {{ is_of_one_person("max(most_of_one_person)", "sum(event_count)") }}

    ),

    large as (

        select
            *,
            row_number() over (
                partition by happened_month, measure, segment = 'all' order by person_count, segment
            ) as place
        from cells
        where
            person_count >= {{ setting("k") }}
            and not {{ is_of_one_person("most_of_one_person", "event_count") }}

    )

select
    large.happened_month,
    large.segment,
    large.measure,
    large.person_count,
    large.event_count,
    measured.mean_value,
    measured.median_value,
    large.visible_until
from large
inner join
    measured
    on large.happened_month = measured.happened_month
    and large.segment = measured.segment
    and large.measure = measured.measure
left join too_few on large.happened_month = too_few.happened_month and large.measure = too_few.measure
where too_few.measure is null or large.segment = 'all' or large.place > 1
