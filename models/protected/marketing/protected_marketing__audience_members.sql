select person_pseudonym, birth_decade, region, country, language, visible_until
from
    {{
        k_anonymous(
            ref("audience_attributes"),
            ["birth_decade", "region", "country", "language"],
            others=["person_pseudonym", "visible_until"],
            k=setting("k"),
        )
    }} as audience_members
