"""Rights: consents given and withdrawn, requests to forget, and holds that keep data for a dispute."""

import math
from datetime import date

import duckdb

CONSENTS = """
create table consent_events as
with asked as (
    select
        person,
        customer_id,
        is_unknown,
        created_at,
        unnest(['marketing', 'analytics', 'partner_sharing']) as purpose,
        unnest([0.58, 0.74, 0.16]) as share,
        person::bigint * 3 + unnest([0, 1, 2]) as key,
    from people
),

answered as (
    select *, draw(key, 'agrees') < share as agrees, epoch(timestamp '{end}' - created_at) as span from asked
)

select key, 1 as step, person, customer_id, is_unknown, purpose, agrees as granted,
    created_at + seconds(1 + 60 * draw(key, 'answered')) as recorded_at,
from answered
union all
select key, 2, person, customer_id, is_unknown, purpose, not agrees,
    created_at + seconds(120 + 0.6 * (span - 300) * draw(key, 'changed')),
from answered where draw(key, 'changes') < 0.18
union all
select key, 3, person, customer_id, is_unknown, purpose, agrees,
    created_at + seconds(180 + (span - 300) * (0.6 + 0.4 * draw(key, 'changed again'))),
from answered where draw(key, 'changes') < 0.04;

create table consent_periods as
select
    person,
    purpose,
    granted,
    recorded_at,
    lead(recorded_at, 1, timestamp '{end}') over this_consent as recorded_until,
from consent_events
window this_consent as (partition by person, purpose order by recorded_at);

create table clean_consents as
select
    row_number() over (order by recorded_at, key) - 1 as i,
    null::varchar as file,
    customer_id,
    purpose,
    granted::varchar as granted,
    local_text(recorded_at) as recorded_at,
    pick(key * 4 + step, 'consent channel', ['till', 'till', 'web', 'web', 'web', 'support']) as channel,
from consent_events
where not is_unknown;
"""

ERASURE_REQUESTS = """
create table clean_erasure_requests as
with candidates as (
    select lines.*, people.customer_id, people.created_at
    from lines
    join people on people.person = lines.person
    where lines.is_named and not people.is_unknown and lines.purchased_at < timestamp '{end}' - interval 2 day
),

-- At the till, right at the purchase: what one buys once in many years.
at_the_till as (
    select
        *,
        row_number() over (order by draw(line, 'forget at the till')) as rank,
        'till' as asked,
    from candidates
    where channel = 'store' and cycle >= 60
    qualify row_number() over (partition by person order by draw(line, 'forget at the till')) = 1
    order by rank
    limit {till}
),

-- On the website: later, and what is nobody's business.
on_the_website as (
    select
        *,
        row_number() over (order by draw(line, 'forget on the website')) as rank,
        'web' as asked,
    from candidates
    where category_id in ('tests-de-grossesse', 'complements', 'couches', 'lait-infantile', 'tensiometres')
        or cycle >= 48
    qualify row_number() over (partition by person order by draw(line, 'forget on the website')) = 1
    order by rank
    limit {web}
),

with_support as (
    select
        *,
        row_number() over (order by draw(line, 'forget with support')) as rank,
        'support' as asked,
    from candidates
    qualify row_number() over (partition by person order by draw(line, 'forget with support')) = 1
    order by rank
    limit {support}
),

asked as (
    select
        *,
        case asked
            when 'till' then case when rank % 3 = 2 then 'purchase_line' else 'purchase' end
            when 'web' then case when rank % 2 = 1 then 'category' else 'purchase' end
            else case when rank % 4 = 2 then 'purchase' else 'person' end
        end as scope,
        case asked
            when 'till' then purchased_at + seconds(40 + 200 * draw(line, 'asked'))
            when 'web' then purchased_at + seconds(1000 + 2000000 * draw(line, 'asked'))
            else purchased_at::date + to_days(3 + whole(line, 'asked', 90)::integer)
                + seconds(36000 + 25000 * draw(line, 'asked too'))
        end as requested_at,
        false as is_of_another,
    from (
        from at_the_till
        union all from on_the_website
        union all from with_support
    )
),

-- A receipt that the shop has not delivered, and a receipt of somebody else.
astray as (
    select
        * replace ('T' || strftime(purchased_at, '%y%m%d') || '-9999999' as purchase_id),
        'purchase' as scope,
        purchased_at + seconds(90) as requested_at,
        false as is_of_another,
    from at_the_till where rank = 1
    union all
    select *, 'purchase', purchased_at + seconds(86400), true
    from on_the_website where rank = 1
),

standing as (
    select * from asked where requested_at < timestamp '{end}'
    union all
    select * from astray where requested_at < timestamp '{end}'
),

numbered as (
    select
        standing.* replace (coalesce(others.customer_id, standing.customer_id) as customer_id),
        row_number() over (
            order by standing.requested_at, standing.line, standing.asked, standing.purchase_id
        ) as request,
        standing.requested_at + seconds(86400 + 2000000 * draw(standing.line, 'withdrawn')) as withdrawn_at,
    from standing
    left join people as others
        on standing.is_of_another and others.person = (standing.person + 13) % {customers}
),

branched as (
    select numbered.*, categories.parent_category_id
    from numbered
    join categories on categories.category_id = numbered.category_id
)

select
    request - 1 as i,
    null::varchar as file,
    'OUBLI-' || printf('%06d', request) as request_id,
    scope,
    customer_id,
    case when scope in ('purchase', 'purchase_line') then purchase_id end as purchase_id,
    case when scope = 'purchase_line' then line_number::varchar end as line_number,
    case when scope = 'category' then if(rank % 6 = 5, parent_category_id, category_id) end as category_id,
    local_text(requested_at) as requested_at,
    asked as channel,
    case
        when rank % 8 = 3 and scope != 'person' and withdrawn_at < timestamp '{end}'
            then local_text(withdrawn_at)
    end as withdrawn_at,
from branched;
"""

LEGAL_HOLDS = """
create table clean_legal_holds as
with disputed as (
    select
        row_number() over (order by draw(purchase, 'disputed')) as hold,
        *,
        purchased_at::date + 1 + whole(purchase, 'dispute', 40)::integer as held_from,
    from purchases
    join people using (person)
    where is_named and not is_unknown and purchased_at < timestamp '{end}' - interval 60 day
    order by hold
    limit {holds}
)

select
    hold - 1 as i,
    null::varchar as file,
    'GEL-' || printf('%05d', hold) as hold_id,
    customer_id,
    case when hold % 3 != 0 then purchase_id end as purchase_id,
    pick(hold, 'hold', [
        'Litige sur la garantie',
        'Contestation de paiement par ' || first_name || ' ' || last_name,
        'Réquisition judiciaire',
        'Contrôle fiscal',
    ]) as reason,
    held_from,
    case when hold % 2 = 0 and held_from + 50 < date '{end}' then held_from + 50 end as held_until,
from disputed;
"""


def entitle(connection: duckdb.DuckDBPyConnection, *, customers: int, end: date) -> None:
    """Create `consent_periods` and the clean tables of consents, erasure requests and legal holds.

    About three customers in a hundred ask to forget something. `end` is the first day after the demo.
    """
    requests = 0.03 * customers
    connection.execute(CONSENTS.format(end=end))
    connection.execute(
        ERASURE_REQUESTS.format(
            customers=customers,
            end=end,
            till=math.ceil(0.6 * requests) + 1,
            web=math.ceil(0.25 * requests) + 1,
            support=math.ceil(0.15 * requests) + 1,
        )
    )
    connection.execute(LEGAL_HOLDS.format(end=end, holds=3 + customers // 1000))
