"""Contacts: what people do on the website and ask after-sales service, and what marketing sends them."""

from datetime import date, timedelta

import duckdb

from bigtrust.demo.draws import pool

SHOP = "https://www.maison-lune.example"

_MOZILLA, _WEBKIT = "Mozilla/5.0", "AppleWebKit/537.36 (KHTML, like Gecko)"
USER_AGENTS = (
    f"{_MOZILLA} (Windows NT 10.0; Win64; x64) {_WEBKIT} Chrome/126.0.0.0 Safari/537.36",
    f"{_MOZILLA} (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0",
    f"{_MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) {_WEBKIT} Version/17.5 Safari/537.36",
    f"{_MOZILLA} (iPhone; CPU iPhone OS 17_5 like Mac OS X) {_WEBKIT} Mobile/15E148",
    f"{_MOZILLA} (Linux; Android 14; SM-A546B) {_WEBKIT} Chrome/126.0.0.0 Mobile Safari/537.36",
    f"{_MOZILLA} (Linux; Android 13; Pixel 7) {_WEBKIT} Chrome/125.0.0.0 Mobile Safari/537.36",
    f"{_MOZILLA} (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "MaisonLune/4.2 (iPad; iOS 17.5; fr_FR)",
)

WEB_EVENTS = """
-- A visit is one session on the website; its steps are its events.
create table visits as
with firsts as (
    select * from lines where line_number = 1
),

strolls as (
    select
        person,
        created_at,
        unnest(range(floor((1.5 + 0.35 * activity) * 2 * draw(person, 'strolls'))::bigint)) as nth,
    from people
),

dated_strolls as (
    select
        *,
        -(person::bigint * 1000 + nth + 1) as visit,
        date_trunc('second', timestamp '{start}' + seconds(
            epoch(timestamp '{end}' - timestamp '{start}') * draw(person::bigint * 1000 + nth, 'stroll')
        )) as visited_at,
    from strolls
)

select
    purchase * 4 as visit,
    'order' as journey,
    person,
    is_named,
    purchased_at as visited_at,
    product,
    purchase_id,
from firsts
where channel = 'web'
union all
select
    purchase * 4 + 1,
    'research',
    person,
    is_named,
    purchased_at
        - to_days(1 + whole(purchase, 'days before', 10)::integer)
        - seconds(7200 * draw(purchase, 'before')),
    product,
    null,
from firsts
where draw(purchase, 'researched') < 0.25
union all
select
    purchase * 4 + 2,
    'tracking',
    person,
    is_named,
    purchased_at + to_days(2) + seconds(20000 * draw(purchase, 'after')),
    product,
    purchase_id,
from firsts
where channel = 'web' and draw(purchase, 'tracked') < 0.12
union all
select
    visit,
    'stroll',
    person,
    draw(visit, 'signed in') < 0.7,
    visited_at,
    aisles.product,
    null,
from dated_strolls
join aisles on aisles.aisle = 0 and aisles.slot = slot(visit, 'stroll product')
where visited_at >= created_at;

create table events as
with steps (journey, step, event_type, minutes, chance, names_purchase) as (
    values
        ('order', 1, 'page_view', -14, 0.40, false),
        ('order', 2, 'search', -12, 0.25, false),
        ('order', 3, 'product_view', -8, 0.85, false),
        ('order', 4, 'add_to_cart', -4, 0.90, false),
        ('order', 5, 'checkout', 0, 1.00, true),
        ('research', 1, 'page_view', 0, 0.45, false),
        ('research', 2, 'search', 1, 0.25, false),
        ('research', 3, 'product_view', 3, 0.90, false),
        ('research', 4, 'add_to_cart', 6, 0.12, false),
        ('tracking', 1, 'account', 0, 1.00, true),
        ('stroll', 1, 'page_view', 0, 0.70, false),
        ('stroll', 2, 'search', 1, 0.20, false),
        ('stroll', 3, 'product_view', 3, 0.50, false),
        ('stroll', 4, 'account', 5, 0.10, false),
        ('stroll', 5, 'store_finder', 6, 0.12, false)
),

happened as (
    select
        visits.visit,
        visits.person,
        visits.is_named,
        visits.product,
        steps.event_type,
        visits.visit * 8 + steps.step as key,
        visits.visited_at
            + to_minutes(steps.minutes)
            + seconds(50 * draw(visits.visit * 8 + steps.step, 'second')) as visited_at,
        case when steps.names_purchase then visits.purchase_id end as purchase_id,
    from visits
    join steps on steps.journey = visits.journey
    where draw(visits.visit * 8 + steps.step, 'happens') < steps.chance
)

select row_number() over (order by visited_at, key) as event, * exclude (key)
from happened
where visited_at < timestamp '{end}'
order by event;

create view clean_web_events as
with described as (
    select
        events.*,
        people.customer_id,
        people.created_at,
        people.first_name || ' ' || people.last_name as name,
        people.email,
        people.phone,
        people.phone_number,
        people.street,
        people.postal_code,
        people.ip_address as home_address,
        products.product_id,
        products.category_id,
        products.category,
        draw(events.event, 'url') as form,
    from events
    join people on people.person = events.person
    join products on products.product = events.product
)

select
    event - 1 as i,
    null::varchar as file,
    'E' || printf('%09d', event) as event_id,
    case when is_named and visited_at >= created_at then customer_id end as customer_id,
    utc_text(visited_at) as occurred_at,
    event_type,
    '{shop}/' || case event_type
        when 'page_view' then 'rayons/' || category_id || case
            when form < 0.05 then '?utm_source=newsletter&email=' || url_encode(email)
            when form < 0.08 then '?utm_source=newsletter&client=' || customer_id
            when form < 0.30 then '?page=2'
            else ''
        end
        when 'search' then 'recherche?q=' || case
            when form < 0.03 then phone_number
            when form < 0.06 then url_encode(name)
            else url_encode(lower(category))
        end
        when 'product_view' then 'produits/' || product_id || case
            when form < 0.06 then '?ref=mail&dest=' || email
            else ''
        end
        when 'add_to_cart' then 'panier?ajout=' || product_id
        when 'checkout' then 'commande/merci?commande=' || purchase_id || case
            when form < 0.40 then '&email=' || url_encode(email)
            when form < 0.60 then '&nom=' || url_encode(name) || '&tel=' || url_encode(phone)
            else ''
        end
        when 'account' then 'compte' || case
            when form < 0.50 then '/connexion?login=' || url_encode(email)
            when purchase_id is not null then '/commandes/' || purchase_id
            else ''
        end
        else 'magasins?cp=' || postal_code || case
            when form < 0.40 then '&adresse=' || url_encode(street)
            else ''
        end
    end as url,
    case when event_type in ('product_view', 'add_to_cart') then product_id end as product_id,
    case when event_type not in ('account', 'store_finder') then category_id end as category_id,
    purchase_id,
    case
        when draw(visit, 'on the move') < 0.25 then v4_address(visit, 'address on the move')
        else home_address
    end as ip_address,
    pick(person * 2 + (draw(visit, 'second device') < 0.3)::integer, 'browser', {user_agents}) as user_agent,
from described;
"""

LETTERS = (
    (
        "delivery",
        "Bonjour,\n\nma commande {purchase} n'est toujours pas arrivée. Pouvez-vous m'appeler au {phone} ?\n\n{name}",
    ),
    ("delivery", "Le livreur n'a pas trouvé mon adresse : {street}, {town}. Merci de repasser."),
    ("delivery", 'Colis marqué "livré", mais rien reçu au {street}. Écrivez-moi : {email}'),
    (
        "defect",
        "Bonjour, l'appareil ({purchase}) ne s'allume plus.\nMon numéro : {phone}.\nCordialement, {name}",
    ),
    ("defect", "Je suis {name}, je viens chez vous depuis des années. Le produit fait un bruit, que faire ?"),
    ("defect", "Panne au bout de trois semaines !! Rappelez-moi SVP {phone} ou {email}"),
    (
        "invoice",
        "Pourriez-vous m'envoyer un duplicata de la facture {purchase} à {email} ?\n\nD'avance merci,\n{name}",
    ),
    ("invoice", "J'ai été débité deux fois, ma carte se termine par {card}. Merci de vérifier."),
    ("invoice", "Facture au nom de {name}, {street}, {town}, s'il vous plaît."),
    ("return", "Je souhaite retourner un article de la commande {purchase}, trop petit. Comment faire ?"),
    ("return", "Article abîmé à l'ouverture, photos envoyées depuis {email}."),
    ("account", "Je n'arrive plus à me connecter avec {email}. Mon ancien numéro était le {phone}."),
    ("account", "J'ai déménagé : ma nouvelle adresse est {street}, {town}.\n\nNuméro client {customer}"),
    ("privacy", "Bonjour, quelles données avez-vous sur moi ? {name}, {email}, {phone}"),
    ("privacy", 'Merci de ne plus m\'écrire "comme à une cible". {name}'),
    ("other", "Très bon accueil en magasin, un grand merci à votre équipe 👏"),
)

SUPPORT_TICKETS = """
create table clean_support_tickets as
with asked as (
    select purchase * 2 as key, person, is_named, purchase_id,
        purchased_at + to_days(1 + whole(purchase, 'ticket day', 25)::integer) as day,
    from purchases
    where draw(purchase, 'ticket') < 0.04
    union all
    select person * 2 + 1, person, true, null,
        created_at + seconds(draw(person, 'question day') * epoch(timestamp '{end}' - created_at)),
    from people
    where draw(person, 'question') < 0.08
),

timed as (
    select *, date_trunc('day', day) + seconds(29000 + 40000 * draw(key, 'ticket time')) as opened_at
    from asked
),

handled as (
    select *, opened_at + seconds(1800 + 500000 * draw(key, 'handling') ** 3) as closed_at
    from timed
    where opened_at between timestamp '{start}' and timestamp '{end}' - interval 1 second
),

numbered as (
    select *, row_number() over (order by opened_at, key) as ticket from handled
)

select
    numbered.ticket - 1 as i,
    null::varchar as file,
    'SAV-' || printf('%07d', numbered.ticket) as ticket_id,
    case when numbered.is_named then people.customer_id end as customer_id,
    numbered.purchase_id,
    if(numbered.ticket % 5 = 0, offset_text(numbered.opened_at), local_text(numbered.opened_at)) as opened_at,
    case
        when draw(numbered.key, 'closed') < 0.92 and numbered.closed_at < timestamp '{end}'
            then local_text(numbered.closed_at)
    end as closed_at,
    letters.topic,
    letters.letter
        .replace('{{name}}', people.first_name || ' ' || people.last_name)
        .replace('{{phone}}', people.phone)
        .replace('{{email}}', people.email)
        .replace('{{street}}', people.street)
        .replace('{{town}}', people.postal_code || ' ' || people.city)
        .replace('{{card}}', people.card_number[-4:])
        .replace('{{customer}}', people.customer_id)
        .replace('{{purchase}}', coalesce(numbered.purchase_id, 'du mois dernier')) as message,
    case
        when draw(numbered.key, 'answers') < 0.5
            then pick(numbered.key, 'satisfaction', [1, 2, 3, 4, 4, 5, 5, 5])
    end as satisfaction,
from numbered
join people on people.person = numbered.person
join letters on letters.number = whole(numbered.key, 'letter', {letters});
"""

MARKETING_MESSAGES = """
create table clean_marketing_messages as
with sent as (
    select
        campaigns.campaign * 10000000 + people.person as key,
        people.customer_id,
        campaigns.campaign_id,
        campaigns.category_id,
        null::varchar as purchase_id,
        campaigns.day
            + seconds(32400 + 14400 * draw(campaigns.campaign * 10000000 + people.person, 'sent')) as sent_at,
        pick(campaigns.campaign, 'channel', ['email', 'email', 'email', 'sms', 'app', 'post']) as channel,
    from consent_periods
    join people on people.person = consent_periods.person
    join campaigns
        on campaigns.day > consent_periods.recorded_at
        and campaigns.day + interval 1 day <= consent_periods.recorded_until
    where consent_periods.purpose = 'marketing'
        and consent_periods.granted
        and not people.is_unknown
        and draw(campaigns.campaign * 10000000 + people.person, 'targeted') < 0.22
    union all
    select
        -lines.purchase,
        people.customer_id,
        'AVIS-' || year(lines.purchased_at),
        lines.category_id,
        lines.purchase_id,
        lines.purchased_at::date + interval 5 day + seconds(36000 + 3600 * draw(lines.purchase, 'review')),
        'email',
    from lines
    join people on people.person = lines.person
    where lines.line_number = 1 and lines.is_named and draw(lines.purchase, 'reviewed') < 0.08
),

opened as (
    select
        *,
        row_number() over (order by sent_at, key) as message,
        case
            when channel in ('email', 'app') and draw(key, 'opened') < 0.28
                then sent_at + seconds(60 + 90000 * draw(key, 'opening') ** 2)
        end as opened_at,
    from sent
    where sent_at < timestamp '{end}'
),

clicked as (
    select
        *,
        case when draw(key, 'clicked') < 0.18 then opened_at + seconds(5 + 200 * draw(key, 'clicking')) end
            as clicked_at,
    from opened
)

select
    message - 1 as i,
    null::varchar as file,
    'M' || printf('%09d', message) as message_id,
    customer_id,
    campaign_id,
    category_id,
    purchase_id,
    offset_text(sent_at) as sent_at,
    channel,
    case when opened_at < timestamp '{end}' then offset_text(opened_at) end as opened_at,
    case when clicked_at < timestamp '{end}' then offset_text(clicked_at) end as clicked_at,
from clicked;
"""


def meet(connection: duckdb.DuckDBPyConnection, *, start: date, until: date, end: str) -> None:
    """Create the clean tables of web events, support tickets and marketing messages.

    Needs `consent_periods`: marketing writes only to those who agreed at the time.
    """
    pool(
        connection,
        "letters",
        {
            "number": range(len(LETTERS)),
            "topic": [topic for topic, _ in LETTERS],
            "letter": [letter for _, letter in LETTERS],
        },
    )
    # A campaign every fortnight, one category each.
    days = [start + timedelta(days=day) for day in range(3, (until - start).days, 14)]
    pool(
        connection,
        "campaign_days",
        {
            "campaign": range(1, len(days) + 1),
            "day": days,
            "campaign_id": [f"CAMP-{day:%Y-%m-%d}" for day in days],
        },
    )
    connection.execute("""
        create table campaigns as
        select
            campaign,
            day,
            campaign_id,
            pick(campaign, 'campaign', (
                select list(category_id order by i) from categories where replacement_cycle_months is not null
            )) as category_id,
        from campaign_days
    """)
    values = {
        "start": start,
        "end": end,
        "shop": SHOP,
        "letters": len(LETTERS),
        "user_agents": list(USER_AGENTS),
    }
    connection.execute(WEB_EVENTS.format(**values))
    connection.execute(SUPPORT_TICKETS.format(**values))
    connection.execute(MARKETING_MESSAGES.format(**values))
