{#- Whom marketing may see, with the bands that each is in today; rare combinations included. -#}
{{ config(materialized="working") }}

with

    audience_attributes as (select * from {{ ref("audience_attributes") }}),

    audience_messages as (select * from {{ ref("audience_messages") }} where visible_until > {{ today() }}),

    audience_purchases as (select * from {{ ref("audience_purchases") }} where visible_until > {{ today() }}),

    contacts as (

        select
            person_pseudonym,
            sum(
                case
                    when sent_on > {{ today() }} - interval {{ setting("contact_days") }} day then 1 else 0
                end
            ) as messages
        from audience_messages
        group by person_pseudonym

    ),

    reactions as (

        select person_pseudonym, channel, count(*) as reactions
        from audience_messages
        where is_opened
        group by person_pseudonym, channel

    ),

    channels as (

        select person_pseudonym, arg_max(channel, (reactions, channel)) as channel
        from reactions
        group by person_pseudonym

    ),

    purchases as (

        select
            person_pseudonym,
            max(purchased_month) as last_month,
            sum(net_amount) filter (where purchased_month > {{ today() }} - interval 13 month) as net_amount
        from audience_purchases
        group by person_pseudonym

    )

select
    audience_attributes.person_pseudonym,
    audience_attributes.birth_decade,
    audience_attributes.region,
    audience_attributes.country,
    audience_attributes.language,
    coalesce(channels.channel, 'unknown') as preferred_channel,
    {{ contact_band("contacts.messages") }} as contact_pressure,
    {{ value_band("purchases.net_amount") }} as value_band,
    {{ recency_band("purchases.last_month") }} as recency_band,
    audience_attributes.visible_until
from audience_attributes
left join channels on audience_attributes.person_pseudonym = channels.person_pseudonym
left join contacts on audience_attributes.person_pseudonym = contacts.person_pseudonym
left join purchases on audience_attributes.person_pseudonym = purchases.person_pseudonym
