{{
    config(
        group="privacy_office",
        meta={
            "code": "OPT-01",
            "exit_code": 1,
            "examines": "from marketing.protected.audience_members",
            "if_empty": "nobody has agreed to marketing",
            "remedy": "A person is in marketing whose last word on it is not yes. Look at models/vault/marketing_opt_ins.sql: it lists the persons whom marketing may see.",
        },
    )
}}
with

    -- from what was landed: what lists whom marketing may see is not asked
    last_words as (

        select
            stg_consents.customer_id,
            -- of two words of the same moment, the stricter is the last
            arg_max(stg_consents.granted, (stg_consents.recorded_at, not stg_consents.granted)) as is_granted
        from {{ ref("stg_consents") }} as stg_consents
        left join
            {{ ref("erased_persons") }} as erased_persons
            on stg_consents.customer_id = erased_persons.customer_id
        where
            lower(stg_consents.purpose) = 'marketing'
            and (erased_persons.customer_id is null or stg_consents.recorded_at > erased_persons.erased_until)
        group by stg_consents.customer_id

    )

select audience_members.person_pseudonym
from {{ ref("protected_marketing__audience_members") }} as audience_members
left join
    {{ ref("marketing_person_pseudonyms") }} as person_pseudonyms
    on audience_members.person_pseudonym = person_pseudonyms.person_pseudonym
left join last_words on person_pseudonyms.customer_id = last_words.customer_id
where last_words.is_granted is not true
