{{
    config(
        group="privacy_office",
        meta={
            "code": "OPT-02",
            "exit_code": 1,
            "examines": "from vault.restricted.audience_attributes where birth_decade is not null",
            "if_empty": "of nobody in marketing is the date of birth known",
            "remedy": "A person in marketing is younger than marketing_age in seeds/policy/settings.csv. Look at models/vault/marketing_opt_ins.sql: it lists the persons whom marketing may see.",
        },
    )
}}
-- from what was landed, by birthdays: what lists whom marketing may see is not asked
select audience_members.person_pseudonym
from {{ ref("protected_marketing__audience_members") }} as audience_members
inner join
    {{ ref("marketing_person_pseudonyms") }} as person_pseudonyms
    on audience_members.person_pseudonym = person_pseudonyms.person_pseudonym
inner join
    {{ ref("stg_customers") }} as stg_customers on person_pseudonyms.customer_id = stg_customers.customer_id
where date_sub('year', stg_customers.birth_date, {{ today() }}) < {{ setting("marketing_age") }}
