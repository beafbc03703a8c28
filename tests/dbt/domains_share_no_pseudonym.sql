{{
    config(
        group="privacy_office",
        meta={
            "code": "PSE-04",
            "exit_code": 1,
            "remedy": "A person has the same pseudonym in two publications. Issue the pseudonyms of each publication in its own domain: models/vault/person_pseudonyms.sql, models/vault/marketing_person_pseudonyms.sql.",
        },
    )
}}
select person_pseudonyms.person_pseudonym
from {{ ref("person_pseudonyms") }} as person_pseudonyms
inner join
    {{ ref("marketing_person_pseudonyms") }} as marketing_person_pseudonyms
    on person_pseudonyms.person_pseudonym = marketing_person_pseudonyms.person_pseudonym
