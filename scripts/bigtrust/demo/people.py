"""People: who the customers are, where they live, and what changed about them.

Nobody's data is in here. French telephone numbers lie in the ranges that the regulator keeps for fiction
(ARCEP, numbering plan), e-mail addresses under `.example` (RFC 2606), IP addresses in the ranges for benchmarks
(RFC 2544) and documentation (RFC 3849), card numbers behind a test prefix, accounts at a bank of no name.
"""

import random

import duckdb
from faker import Faker

from bigtrust.demo.draws import pool, spread
from bigtrust.demo.places import TOWNS

# Names that Faker lacks and that real data never does.
PARTICULAR_SURNAMES = (
    "D'Almeida", "N'Diaye", "O'Connor", "L'Hermitte", "Dell'Orso", "De La Fontaine", "Nguyễn", "Müller",
    "Şahin", "Ben Abdallah", "Château-Renaud", "Łukaszewski", "Charpentier", "Castelnaudary",
    "Le Goaëc", "Peñalver",
)  # fmt: skip
# A person whose name, address and e-mail nobody can mistake: `grep -ri canari warehouse/dbt published` finds nothing.
CANARY = 5
MAIL_DOMAINS = ("orange", "laposte", "free", "sfr", "courriel", "wanadoo", "boitemail", "messagerie")

PEOPLE = """
create table portraits as
with numbered as (
    select
        range::integer as person,
        'C' || printf('%07d', 1000 + range * 7 + whole(range, 'number', 7)) as customer_id,
        -- Numbers are given in the order of the years.
        date_trunc('day', timestamp '{end}' - to_days(
            1 + floor(3650 * (1 - (range + draw(range, 'since')) / {customers}))::integer
        ))
            + seconds(28800 + 3600 * draw(range, 'opened')) as created_at,
        draw(range, 'moves') < 0.12 as moves,
        draw(range, 'renames') < 0.06 as renames,
    from range({customers})
),

born as (
    select *, epoch(timestamp '{end}' - created_at) as age from numbered
),

-- Version 1 has moved, version 2 has another name and address of e-mail.
versions as (
    select *, 0 as version, created_at as updated_at from born
    union all
    select *, 1, created_at + seconds(0.8 * draw(person, 'moved') * age) from born where moves
    union all
    select *, 2, created_at + seconds((0.8 + 0.2 * draw(person, 'renamed')) * age) from born where renames
),

keyed as (
    select
        *,
        person * 2 + (moves and version > 0)::integer as home,
        person * 2 + (version = 2)::integer as name,
        lpad(((person * 7919 + {shift}) % 60000)::varchar, 5, '0') as number,
    from versions
),

described as (
    select
        keyed.person,
        keyed.version,
        keyed.customer_id,
        if(keyed.person = {canary}, 'Canarine', first_names.first_name) as first_name,
        case
            when keyed.person = {canary} then 'Canari-Bigtrust'
            when draw(keyed.name, 'double name') < 0.12
                then surnames.surname || '-' || second_surnames.surname
            else surnames.surname
        end as last_name,
        ['063998', '019900', '026191', '035301', '046571', '053649'][1 + keyed.number[1]::integer]
            || keyed.number[2:] as phone_number,
        keyed.created_at::date
            - (6574 + 10950 * (draw(keyed.person, 'born') + draw(keyed.person, 'born too')))::integer
            as birth_date,
        (1 + whole(keyed.home, 'house', 140))
            || pick(keyed.home, 'bis', ['', '', '', '', '', '', '', ' bis', ' ter', 'B'])
            || ' ' || if(keyed.person = {canary}, 'rue du Canari-Bigtrust', streets.street) as street,
        towns.town,
        towns.city,
        towns.postal_code,
        towns.country,
        keyed.created_at,
        keyed.updated_at,
    from keyed
    join first_names on first_names.slot = slot(keyed.person, 'first name')
    join surnames on surnames.slot = slot(keyed.name, 'surname')
    join surnames as second_surnames on second_surnames.slot = slot(keyed.name, 'second surname')
    join streets on streets.slot = slot(keyed.home, 'street')
    join town_slots on town_slots.slot = slot(keyed.home, 'town')
    join towns on towns.town = town_slots.town
),

mailboxes as (
    select
        *,
        pick(person * 2 + (version = 2)::integer, 'mailbox', [
            web_word(first_name) || '.' || web_word(last_name),
            web_word(first_name) || '.' || web_word(last_name),
            web_word(first_name)[1] || '.' || web_word(last_name),
            web_word(first_name) || '_' || web_word(last_name) || strftime(birth_date, '%y'),
            web_word(last_name) || '.' || web_word(first_name) || (1 + person % 97),
        ]) as mailbox,
        pick(person, 'domain', {domains}) as domain,
    from described
),

ranked as (
    select *, dense_rank() over (partition by mailbox, domain order by person) as rank from mailboxes
),

-- A second customer of the same mailbox gets a number behind it, as providers do.
addressed as (
    select * exclude (rank), mailbox || if(rank = 1, '', rank::varchar) || '@' || domain || '.example' as own_email
    from ranked
)

select
    addressed.* exclude (mailbox, domain, own_email),
    -- A household with one address of e-mail.
    case when addressed.person % 250 = 7 then neighbours.own_email else addressed.own_email end as email,
from addressed
left join addressed as neighbours on neighbours.person = addressed.person - 1 and neighbours.version = 0
order by addressed.person, addressed.version;

create table people as
with carded as (
    select
        *,
        -- 4970 10 is a test prefix.
        '4970100' || printf('%08d', whole(person, 'card', 100000000)) as card_body,
        whole(person, 'account', 100000000000) as account,
    from portraits where version = 0
),

checked as (
    select
        *,
        -- Luhn's check digit (ISO/IEC 7812-1), with 16 digits every odd place is doubled.
        list_sum(list_transform(range(1, 16), lambda place:
            case
                when place % 2 = 0 then card_body[place]::integer
                else card_body[place]::integer * 2 - 9 * (card_body[place]::integer > 4)::integer
            end)) as card_sum,
        '9999900001' || printf('%011d', account)
            || printf('%02d', 97 - (89 * 99999 + 15 * 1 + 3 * account) % 97) as account_number,
    from carded
)

select
    * exclude (version, updated_at, card_body, card_sum, account, account_number),
    card_body || (10 - card_sum % 10) % 10 as card_number,
    -- Check digits of ISO 13616: FR is 1527.
    'FR' || printf('%02d', 98 - (account_number || '152700')::hugeint % 97) || account_number as iban,
    -- A long tail: most come now and then, a few all the time.
    least(exp({activity} + 1.05 * bell(person, 'activity')), 500) as activity,
    person % 400 = 11 as is_unknown,
    regexp_replace(phone_number, '(..)(..)(..)(..)(..)', '\\1 \\2 \\3 \\4 \\5') as phone,
    case
        when draw(person, 'network') < 0.2 then
            format(
                '2001:db8:{{:x}}:{{:x}}::{{:x}}', person // 65536, person % 65536, 1 + whole(person, 'v6', 65535)
            )
        else v4_address(person, 'v4')
    end as ip_address,
from checked
order by person;
"""

# The demo's customers as the retailer's system delivers them: telephone and e-mail as somebody typed them.
CUSTOMERS = """
create table clean_customers as
with formatted as (
    select
        *,
        regexp_replace(phone_number, '(..)(..)(..)(..)(..)', '\\1 \\2 \\3 \\4 \\5') as spaced,
        person * 3 + version as portrait,
    from portraits where person % 400 != 11
)

select
    row_number() over (order by updated_at, person, version) - 1 as i,
    case
        when updated_at < timestamp '{end}' - interval 12 month then 'initial'
        when updated_at < timestamp '{end}' - interval 3 month then 'updates-1'
        else 'updates-2'
    end as file,
    customer_id,
    case when draw(portrait, 'shouts') < 0.03 then upper(first_name) else first_name end as first_name,
    case when draw(portrait, 'shouts') < 0.06 then upper(last_name) else last_name end as last_name,
    case
        when draw(portrait, 'mail form') < 0.03 then upper(email)
        when draw(portrait, 'mail form') < 0.06 then upper(email[1]) || email[2:]
        when draw(portrait, 'mail form') < 0.08 then ' ' || email
        when draw(portrait, 'mail form') < 0.10 then email || '  '
        when draw(portrait, 'mail form') < 0.13 then null
        else email
    end as email,
    case
        when country = 'BE' then '+32 460 00 ' || spaced[-5:]
        when country = 'CH' then '+41 79 000 ' || spaced[-5:]
        when country = 'LU' then '+352 621 00 ' || spaced[-5:]
        when country = 'DE' then '+49 30 23125 ' || phone_number[-3:]
        else pick(portrait, 'phone form', [
            spaced,
            spaced,
            phone_number,
            replace(spaced, ' ', '.'),
            replace(spaced, ' ', '-'),
            '+33' || phone_number[2:],
            '+33 ' || spaced[2:],
            '0033' || phone_number[2:],
            null,
        ])
    end as phone,
    case when draw(person, 'no birth date') >= 0.04 then birth_date::varchar end as birth_date,
    street,
    postal_code,
    case when draw(portrait, 'town form') < 0.1 then upper(city) else city end as city,
    country,
    case
        when country = 'DE' then 'de'
        when draw(person, 'language') < 0.03 then 'en'
        else 'fr'
    end as language,
    case when file = 'updates-2' then utc_text(created_at) else local_text(created_at) end as created_at,
    case when file = 'updates-2' then utc_text(updated_at) else local_text(updated_at) end as updated_at,
from formatted;
"""


def invent(connection: duckdb.DuckDBPyConnection, *, customers: int, seed: int, end: str, activity: float) -> None:
    """Create `people`, their `portraits` in time, and `clean_customers`.

    `end` is the first moment after the demo, `activity` the logarithm of the median number of purchases.
    """
    faker = Faker("fr_FR")
    faker.seed_instance(seed)
    shuffled = random.Random(seed)
    first_names = [faker.first_name() for _ in range(4096)]
    surnames = [faker.last_name() for _ in range(4096 - 16 * len(PARTICULAR_SURNAMES))]
    surnames += PARTICULAR_SURNAMES * 16
    shuffled.shuffle(surnames)
    slots = range(4096)
    pool(connection, "first_names", {"slot": slots, "first_name": first_names})
    pool(connection, "surnames", {"slot": slots, "surname": surnames})
    pool(connection, "streets", {"slot": slots, "street": [faker.street_name() for _ in slots]})
    cities, postal_codes, countries, weights = zip(*TOWNS, strict=True)
    pool(connection, "town_slots", {"slot": slots, "town": spread(weights)})
    pool(
        connection,
        "towns",
        {"town": range(len(TOWNS)), "city": cities, "postal_code": postal_codes, "country": countries},
    )
    values = {
        "customers": customers,
        "shift": seed * 104729 % 60000,
        "end": end,
        "activity": activity,
        "domains": list(MAIL_DOMAINS),
        "canary": CANARY,
    }
    connection.execute(PEOPLE.format(**values))
    connection.execute(CUSTOMERS.format(**values))
