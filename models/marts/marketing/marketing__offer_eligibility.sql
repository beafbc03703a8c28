{#- Every person with every category: what is not restrained is ok. Only what is restrained is stored. -#}
with

    persons as (

        select audience_members.person_pseudonym, offer_pauses.reason as pause
        from {{ ref("protected_marketing__audience_members") }} as audience_members
        left join
            {{ ref("protected_marketing__offer_pauses") }} as offer_pauses
            on audience_members.person_pseudonym = offer_pauses.person_pseudonym
            and offer_pauses.visible_until > {{ today() }}
        where audience_members.visible_until > {{ today() }}

    ),

    offer_categories as (select * from {{ ref("protected_marketing__offer_categories") }}),

    reasons as (

        select
            persons.person_pseudonym,
            offer_categories.category_id,
            case
                when offer_categories.is_vulnerable
                then 'vulnerable_category'
                when persons.pause is not null
                then persons.pause
                when offer_cool_downs.category_id is not null
                then 'cool_down'
                else 'ok'
            end as reason
        from persons
        cross join offer_categories
        left join
            {{ ref("protected_marketing__offer_cool_downs") }} as offer_cool_downs
            on persons.person_pseudonym = offer_cool_downs.person_pseudonym
            and offer_categories.category_id = offer_cool_downs.category_id
            and offer_cool_downs.visible_until > {{ today() }}

    )

select person_pseudonym, category_id, reason = 'ok' as is_appropriate, reason
from reasons
