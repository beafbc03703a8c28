select person_pseudonym, birth_decade, region, country, language, customer_since_month, visible_until
from
    {{
        k_anonymous(
            ref("customer_attributes"),
            ["birth_decade", "region", "country", "language", "customer_since_month"],
            others=["person_pseudonym", "visible_until"],
            k=setting("k"),
        )
    }} as customers
