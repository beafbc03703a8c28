{{
    config(
        group="privacy_office",
        meta={
            "code": "OFR-01",
            "exit_code": 1,
            "examines": "from marketing.protected.audience_members",
            "if_empty": "nobody has agreed to marketing",
            "remedy": "Somebody may be offered what they bought, or more than the policy lets through. Look at models/vault/offers/cool_downs.sql, and at marketing's models offer_pauses and offer_eligibility.",
        },
    )
}}
-- by the purchases that analytics shows and the tables of the policy: what restrains offers is not asked
with

    cycles as (

        select
            categories.category_id,
            coalesce(
                cast(replacement_cycles.months as integer), categories.replacement_cycle_months
            ) as months
        from {{ ref("stg_product_categories") }} as categories
        left join
            {{ ref("replacement_cycles") }} as replacement_cycles
            on categories.category_id = replacement_cycles.category_id

    ),

    members as (

        select marketing.person_pseudonym, analytics.person_pseudonym as analytics_person_pseudonym
        from {{ ref("protected_marketing__audience_members") }} as audience_members
        inner join
            {{ ref("marketing_person_pseudonyms") }} as marketing
            on audience_members.person_pseudonym = marketing.person_pseudonym
        inner join
            {{ ref("person_pseudonyms") }} as analytics on marketing.customer_id = analytics.customer_id

    ),

    bought as (

        select
            members.person_pseudonym,
            purchase_lines.category_id,
            max(purchase_lines.purchased_on) as bought_on
        from {{ ref("protected_analytics__purchase_lines") }} as purchase_lines
        inner join members on purchase_lines.person_pseudonym = members.analytics_person_pseudonym
        where purchase_lines.category_id in (select category_id from cycles where months > 0)
        group by members.person_pseudonym, purchase_lines.category_id

    ),

    restrained as (

        select bought.person_pseudonym, bought.category_id
        from bought
        inner join cycles on bought.category_id = cycles.category_id
        where
            least(
                bought.bought_on + to_months(
                    - cast(floor(- cycles.months * {{ setting("cool_down_percent") }} / 100) as integer)
                ),
                bought.bought_on + to_months({{ retention_months("purchases", "marketing") }})
            )
            > {{ today() }}

    )

select restrained.person_pseudonym, restrained.category_id
from restrained
inner join
    {{ ref("marketing__offer_eligibility") }} as offer_eligibility
    on restrained.person_pseudonym = offer_eligibility.person_pseudonym
    and restrained.category_id = offer_eligibility.category_id
where offer_eligibility.is_appropriate

union all

select person_pseudonym, category_id
from {{ ref("marketing__offer_eligibility") }}
where is_appropriate and category_id in (select category_id from {{ ref("vulnerable_categories") }})
