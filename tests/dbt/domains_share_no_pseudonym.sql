{{
    config(
        group="privacy_office",
        meta={
            "code": "PSE-04",
            "exit_code": 1,
            "examines": "from (select person_pseudonym from vault.restricted.marketing_person_pseudonyms union all select person_pseudonym from vault.restricted.service_person_pseudonyms)",
            "if_empty": "only one publication has pseudonyms of persons",
            "remedy": "A person has the same pseudonym in two publications. Issue the pseudonyms of each publication in its own domain: models/vault/person_pseudonyms.sql, models/vault/marketing_person_pseudonyms.sql, models/vault/service_person_pseudonyms.sql.",
        },
    )
}}
select analytics.person_pseudonym
from {{ ref("person_pseudonyms") }} as analytics
where
    analytics.person_pseudonym in (select person_pseudonym from {{ ref("marketing_person_pseudonyms") }})
    or analytics.person_pseudonym in (select person_pseudonym from {{ ref("service_person_pseudonyms") }})

union all

select marketing.person_pseudonym
from {{ ref("marketing_person_pseudonyms") }} as marketing
where marketing.person_pseudonym in (select person_pseudonym from {{ ref("service_person_pseudonyms") }})
