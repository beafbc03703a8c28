{#- A cell that describes fewer than k persons, or is nearly all of one person, is not written at all. Where all that is not
    written of a campaign is so, too, the smallest other cell is not written either: the size of the campaign can be known. -#}
with

    sent as (

        select
            audience_messages.campaign_id,
            audience_members.value_band as segment,
            audience_messages.person_pseudonym,
            count(*) as message_count,
            count(*) filter (where audience_messages.is_opened) as opened_count,
            count(*) filter (where audience_messages.is_clicked) as clicked_count,
            min(audience_messages.visible_until) as visible_until
        from {{ ref("audience_messages") }} as audience_messages
        inner join
            {{ ref("protected_marketing__audience_members") }} as audience_members
            on audience_messages.person_pseudonym = audience_members.person_pseudonym
        where audience_messages.campaign_id is not null and audience_messages.visible_until > {{ today() }}
        group by audience_messages.campaign_id, segment, audience_messages.person_pseudonym

    ),

    cells as (

        select
            campaign_id,
            segment,
            count(*) as person_count,
            cast(sum(message_count) as bigint) as message_count,
            cast(sum(opened_count) as bigint) as opened_count,
            cast(sum(clicked_count) as bigint) as clicked_count,
            max(message_count) as most_of_one_person,
            min(visible_until) as visible_until
        from sent
        group by campaign_id, segment

    ),

    -- the sum of what is not written is known to who sent the campaign; a person is in one segment
    too_few as (

        select campaign_id
        from cells
        where
            person_count < {{ setting("k") }} or {{ is_of_one_person("most_of_one_person", "message_count") }}
        group by campaign_id
        having
            sum(person_count) < {{ setting("k") }}
            or {{ is_of_one_person("max(most_of_one_person)", "sum(message_count)") }}

    ),

    large as (

        select
            *,
            row_number() over (partition by campaign_id order by person_count, segment) as place,
            -- the cells of a campaign expire together
            min(visible_until) over (partition by campaign_id) as campaign_visible_until
        from cells
        where
            person_count >= {{ setting("k") }}
            and not {{ is_of_one_person("most_of_one_person", "message_count") }}

    )

select
    large.campaign_id,
    large.segment,
    large.person_count,
    large.message_count,
    large.opened_count,
    large.clicked_count,
    large.campaign_visible_until as visible_until
from large
left join too_few on large.campaign_id = too_few.campaign_id
where too_few.campaign_id is null or large.place > 1
