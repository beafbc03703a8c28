"""Leaks that are a relation of the publication analytics, each by a model of its own.

Each is declared as the house asks: a contract that lists its columns with types and descriptions, a suite with exactly
these columns, pseudonyms with their map. So nothing refuses it but the checks that are meant for its family. All of
them are built in one run; each is judged by what failed on its own relation.
"""

import re
from dataclasses import dataclass


def _persons(kept: str) -> str:
    """The rows of a kept model, each with the pseudonym of its person, as `persons`."""
    return f"""
with

    kept as (select * from {{{{ ref("{kept}") }}}}),

    person_pseudonyms as (select * from {{{{ ref("person_pseudonyms") }}}}),

    persons as (

        select kept.*, {{{{ pseudonym("person") }}}} as person_pseudonym
        from kept
        inner join person_pseudonyms on kept.customer_id = person_pseudonyms.customer_id

    )
"""


PERSONS, TICKETS = _persons("kept_customers"), _persons("kept_support_tickets")
# What travels on from staging, so that a leak can read it: models of publications read only what is kept.
KEPT = {
    "models/vault/kept/kept_customers.sql": (
        "    stg_customers.country,\n",
        ("first_name", "last_name", "email", "phone", "street", "city", "file_number", "row_number"),
        "    stg_customers.{name},\n",
    ),
    "models/vault/kept/kept_support_tickets.sql": (
        "select ticket_id, customer_id, purchase_id, topic,",
        ("message",),
        " {name},",
    ),
}
PERSON = "person_pseudonym"
ROT13 = "translate(email, 'abcdefghijklmnopqrstuvwxyz', 'nopqrstuvwxyzabcdefghijklm')"


@dataclass(frozen=True)
class Leak:
    """A relation that leaks.

    `columns` are its columns with their types, beside the pseudonym of the person (if `is_of_persons`); `select` gives
    them, from `persons`. `caught_by` are the codes that fail on it, all of them; `meant` those that must be among them,
    because they are meant for its family.
    """

    name: str
    family: str
    columns: dict[str, str]
    select: str
    meant: frozenset[str]
    also: frozenset[str] = frozenset()
    is_of_persons: bool = True
    source: str = PERSONS

    @property
    def caught_by(self) -> frozenset[str]:
        """All codes that fail."""
        return self.meant | self.also

    @property
    def relation(self) -> str:
        """The name of the relation."""
        return "zoo_" + "_".join(re.findall("[a-z0-9]+", self.name.lower()))

    @property
    def sql(self) -> str:
        """The model."""
        return self.source + "\n" + self.select


def one(
    name: str,
    family: str,
    expression: str,
    data_type: str = "varchar",
    *,
    meant: str,
    also: str = "",
    source: str = PERSONS,
) -> Leak:
    """A leak in one column beside the pseudonym."""
    return Leak(
        name,
        family,
        {"segment": data_type},
        f"select person_pseudonym, {expression} as segment from persons",
        frozenset(meant.split()),
        frozenset(also.split()),
        source=source,
    )


def rows(name: str, family: str, select: str, *, meant: str = "FLW-01", also: str = "", **columns: str) -> Leak:
    """A leak in which rows there are, or in an aggregate: without persons."""
    return Leak(name, family, columns, select, frozenset(meant.split()), frozenset(also.split()), is_of_persons=False)


LEAKS = [
    one("e-mail address", "plain copy", "email", meant="FLW-01 RAW-01 PAT-01"),
    one("telephone number", "plain copy", "phone", meant="FLW-01 RAW-01", also="PAT-02"),
    one("customer number", "plain copy", "customer_id", meant="FLW-01 RAW-01"),
    one("street", "plain copy", "street", meant="FLW-01 RAW-01"),
    one("e-mail address in upper case", "case, accents, spacing", "upper(email)", meant="FLW-01 RAW-01", also="PAT-01"),
    one(
        "name without accents",
        "case, accents, spacing",
        "strip_accents(first_name || last_name)",
        meant="FLW-01 RAW-01",
    ),
    one(
        "name letter by letter",
        "case, accents, spacing",
        "array_to_string(string_split(first_name || ' ' || last_name, ''), ' ')",
        meant="FLW-01 RAW-01",
    ),
    one(
        "telephone number in another form",
        "case, accents, spacing",
        "'+33' || right(regexp_replace(phone, '[^0-9]', '', 'g'), 9)",
        meant="FLW-01 RAW-01",
        also="PAT-02",
    ),
    one("e-mail address backwards", "reversed, encoded", "reverse(email)", meant="FLW-01 RAW-01", also="PAT-01"),
    one("e-mail address in base64", "reversed, encoded", "to_base64(encode(email))", meant="FLW-01 RAW-01"),
    one("e-mail address in hexadecimal", "reversed, encoded", "hex(encode(email))", meant="FLW-01 RAW-01"),
    one(
        "e-mail address as in an address",
        "reversed, encoded",
        "url_encode(email)",
        meant="FLW-01 RAW-01",
        also="PAT-01",
    ),
    one("e-mail address in ROT13", "reversed, encoded", ROT13, meant="FLW-01 RAW-01", also="PAT-01"),
    one("customer number in SHA-256", "unkeyed or wrongly keyed hash", "sha256(customer_id)", meant="FLW-01 PSE-02"),
    one("customer number in MD5", "unkeyed or wrongly keyed hash", "md5(customer_id)", meant="FLW-01 PSE-02"),
    one("e-mail address in SHA-1", "unkeyed or wrongly keyed hash", "sha1(lower(email))", meant="FLW-01 PSE-02"),
    one(
        "hash with a known key",
        "unkeyed or wrongly keyed hash",
        "sha256('big trust' || customer_id)",
        meant="FLW-01",
    ),
    Leak(
        "pseudonym without a key",
        "unkeyed or wrongly keyed hash",
        {"other_pseudonym": "uuid"},
        "select person_pseudonym, cast(left(sha256(encode('person:' || customer_id)), 32) as uuid) as other_pseudonym"
        " from persons",
        frozenset({"FLW-01", "PSE-02"}),
    ),
    one(
        "telephone number as a number",
        "number instead of text",
        "try_cast(regexp_replace(phone, '[^0-9]', '', 'g') as bigint)",
        "bigint",
        meant="FLW-01 RAW-01",
    ),
    one(
        "customer number as a number",
        "number instead of text",
        "try_cast(regexp_replace(customer_id, '[^0-9]', '', 'g') as bigint)",
        "bigint",
        meant="FLW-01",
    ),
    one(
        "e-mail address in JSON",
        "inside JSON, list, struct, map",
        "to_json({'a': {'b': email}})",
        "json",
        meant="FLW-01 RAW-01",
        also="PAT-01",
    ),
    one(
        "e-mail address in a list",
        "inside JSON, list, struct, map",
        "['a', email]",
        "varchar[]",
        meant="FLW-01 RAW-01",
        also="PAT-01",
    ),
    one(
        "e-mail address in a struct",
        "inside JSON, list, struct, map",
        "{'a': email}",
        "struct(a varchar)",
        meant="FLW-01 RAW-01",
        also="PAT-01",
    ),
    one(
        "e-mail address in a map",
        "inside JSON, list, struct, map",
        "map([coalesce(email, 'none')], [1])",
        "map(varchar, integer)",
        meant="FLW-01 RAW-01",
        also="PAT-01",
    ),
    one(
        "name in a sentence",
        "concatenated",
        "'segment B, ' || first_name || ' ' || last_name || ', loyal'",
        meant="FLW-01 RAW-01",
    ),
    one(
        "name and e-mail address in one",
        "concatenated",
        "last_name || email || country",
        meant="FLW-01 RAW-01",
        also="FLW-02 PAT-01",
    ),
    Leak(
        "e-mail address in two halves",
        "split over two columns",
        {"segment": "varchar", "subsegment": "varchar"},
        "select person_pseudonym, left(email, 7) as segment, substr(email, 8) as subsegment from persons",
        frozenset({"FLW-01"}),
        frozenset({"PAT-01", "RAW-01"}),  # of an address, half can be enough
    ),
    one("initials", "first letters", "left(first_name, 1) || left(last_name, 1)", meant="FLW-01"),
    one("length of the name", "first letters", "length(last_name)", "bigint", meant="FLW-01"),
    one("date of birth", "full birth date, postal code, time", "birth_date", "date", meant="FLW-02"),
    one(
        "year of birth", "full birth date, postal code, time", "extract(year from birth_date)", "bigint", meant="FLW-02"
    ),
    one("postal code", "full birth date, postal code, time", "postal_code", meant="FLW-02"),
    one("town", "full birth date, postal code, time", "city", meant="FLW-02"),
    one(
        "time of the account",
        "full birth date, postal code, time",
        "created_at",
        "timestamp",
        meant="FLW-02",
        also="FLW-06",  # of who came back after being forgotten it is the month of that
    ),
    one(
        "time of a ticket",
        "full birth date, postal code, time",
        "opened_at",
        "timestamp",
        meant="FLW-02",
        source=TICKETS,
    ),
    one(
        "place in the delivery",
        "an ID that preserves the source's order",
        "row_number() over (order by file_number, persons.row_number)",
        "bigint",
        meant="FLW-01",
    ),
    one(
        "rank by the customer number",
        "an ID that preserves the source's order",
        "row_number() over (order by customer_id)",
        "bigint",
        meant="FLW-01",
    ),
    one("number of the row", "an ID that preserves the source's order", "persons.row_number", "bigint", meant="FLW-01"),
    rows(
        "rows in the order of the names",
        "row order",
        "select {{ country('country') }} as country from persons order by last_name",
        country="varchar",
    ),
    rows(
        "first hundred by name",
        "row order",
        "select country, count(*) as persons from"
        " (select {{ country('country') }} as country from persons order by last_name limit 100) as some_persons"
        " group by country",
        country="varchar",
        persons="bigint",
    ),
    rows(
        "count of a name",
        "a filter, a join, a condition",
        "select {{ country('country') }} as country, count(*) as persons from persons where last_name < 'M'"
        " group by all",
        country="varchar",
        persons="bigint",
    ),
    rows(
        "count by first letter, without the letter",
        "a filter, a join, a condition",
        "select count(*) as persons from persons group by left(last_name, 1)",
        persons="bigint",
    ),
    one(
        "flag by the address",
        "a filter, a join, a condition",
        "email like '%example.org'",
        "boolean",
        meant="FLW-01",
    ),
    one("text of a ticket", "free text", "message", meant="FLW-01 RAW-01", also="PAT-01 PAT-02", source=TICKETS),
    one(
        "first words of a ticket",
        "free text",
        "left(message, 60)",
        meant="FLW-01",
        also="RAW-01 PAT-01",
        source=TICKETS,
    ),
    one(
        "mood of a ticket", "free text", "contains(lower(message), 'merci')", "boolean", meant="FLW-01", source=TICKETS
    ),
    one(
        "the key itself",
        "secret in SQL, log or metadata",
        "hex(getvariable('analytics_inner_pad'))",
        meant="FLW-01",
    ),
    one(
        "a function that nobody follows",
        "what cannot be followed",
        "(select count(*) from query('select 1'))",
        "bigint",
        meant="FLW-01",
        also="FLW-02 FLW-06",
    ),
]
