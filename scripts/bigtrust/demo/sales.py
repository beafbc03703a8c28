"""Sales: when people buy, what, and what they bring back."""

from datetime import date, timedelta

import duckdb
import numpy as np

from bigtrust.demo.catalogue import FAVOURITES
from bigtrust.demo.draws import pool, spread

CHANNELS = ("store", "web", "phone", "catalogue")
CHANNEL_SHARES = (0.58, 0.34, 0.04, 0.04)
TIMETABLE_SLOTS = 1 << 16

# Monday to Sunday
WEEKDAYS = {
    "store": (0.8, 0.85, 1.0, 0.85, 1.1, 1.95, 0.3),
    "web": (1.0, 0.95, 0.95, 0.95, 0.9, 1.0, 1.3),
    "phone": (1.2, 1.1, 1.0, 1.0, 0.9, 0.5, 0.0),
    "catalogue": (1.3, 1.1, 1.0, 1.0, 1.0, 0.4, 0.0),
}
MONTHS = (1.0, 0.85, 0.9, 0.92, 0.95, 1.0, 0.95, 0.8, 0.98, 1.0, 1.15, 1.35)
HOLIDAYS = {(1, 1), (5, 1), (12, 25)}

# Weight of each hour of the day. Counters open at half past (9:30 to 19:30); the web never closes.
COUNTER_HOURS = (0,) * 9 + (0.5, 1.0, 1.2, 0.8, 0.6, 0.9, 1.1, 1.2, 1.4, 1.2) + (0,) * 5
WEB_HOURS = (
    0.3, 0.1, 0, 0, 0, 0.1, 0.2, 0.5, 0.7, 0.8, 0.8, 0.8,
    1.1, 1.0, 0.8, 0.8, 0.8, 0.9, 1.2, 1.6, 2.2, 2.4, 1.7, 0.8,
)  # fmt: skip

PURCHASES = """
create table purchases as
with planned as (
    select
        people.* ,
        openings.first_slot,
        people.activity * ({slots} - openings.first_slot) / {slots} as expected,
    from people
    join openings on openings.day = greatest(people.created_at::date + 1, date '{start}')
),

bought as (
    select *, unnest(range(floor(expected + draw(person, 'rounding'))::bigint)) as nth from planned
),

keyed as (
    select *, person::bigint * 1000 + nth as key from bought
),

timed as (
    select
        keyed.*,
        timetable.channel,
        timetable.day
            + seconds(3600 * (hours.hour + draw(keyed.key, 'within the hour')))
            + to_minutes(if(timetable.channel = 'web', 0, 30)) as purchased_at,
    from keyed
    join timetable
        on timetable.slot = keyed.first_slot + whole(keyed.key, 'day', {slots} - keyed.first_slot)
    join hours on hours.channel = timetable.channel and hours.slot = slot(keyed.key, 'hour')
),

numbered as (
    select *, row_number() over (order by purchased_at, key) as purchase from timed
)

select
    purchase,
    'T' || strftime(purchased_at, '%y%m%d') || '-' || printf('%07d', purchase) as purchase_id,
    person,
    -- At the till four in five show their card.
    draw(key, 'anonymous') >= case channel when 'store' then 0.19 when 'web' then 0.03 else 0 end as is_named,
    purchased_at,
    channel,
    case
        when channel != 'store' then null
        when country = 'FR' and draw(key, 'elsewhere') < 0.85 then 'S' || printf('%03d', town + 1)
        else 'S' || printf('%03d', 1 + whole(key, 'store', 60))
    end as store_id,
    case
        when channel = 'store' and draw(key, 'payment') < 0.14 then null
        when channel = 'catalogue' and draw(key, 'payment') < 0.30 then iban
        when draw(key, 'payment') < case channel when 'store' then 0.18 when 'catalogue' then 0.6 else 0 end
            then 'CHQ-' || printf('%07d', whole(key, 'cheque', 10000000))
        when channel = 'web' and draw(key, 'payment') < 0.55
            then format('tok_{{:015x}}', whole(key, 'token', 1152921504606846976))
        when draw(key, 'payment') > 0.985 then card_number
        when draw(key, 'payment') > 0.975
            then regexp_replace(card_number, '(....)(....)(....)(....)', '\\1 \\2 \\3 \\4')
        else card_number[:6] || '******' || card_number[13:]
    end as payment_reference,
from numbered
order by purchase;

create table lines as
with listed as (
    select
        purchase,
        purchase_id,
        person,
        is_named,
        purchased_at,
        channel,
        unnest(range(1, 2 + least(floor(-1.75 * ln(1 - draw(purchase, 'lines'))), 9)::integer))::integer
            as line_number,
    from purchases
),

-- A third of what people buy, they buy again and again.
chosen as (
    select
        *,
        purchase * 16 + line_number as line,
        case
            when draw(purchase * 16 + line_number, 'favourite') < 0.35
                then pick(person, 'favourite', {favourites})
            else 0
        end as aisle,
    from listed
),

priced as (
    select
        chosen.* exclude (aisle),
        products.product,
        products.product_id,
        products.category_id,
        products.cycle,
        case
            when products.cycle is null then pick(chosen.line, 'quantity', [1, 1, 1, 1, 2, 2, 3, 4, 6])
            else 1 + (draw(chosen.line, 'quantity') > 0.95)::integer
        end as quantity,
        (products.list_price * pick(chosen.line, 'price', [1, 1, 1, 1, 0.95, 0.97, 1.05]))::decimal(10, 2)
            as unit_price,
        case
            when month(chosen.purchased_at) = 1 and day(chosen.purchased_at) >= 8 then 0.4
            when month(chosen.purchased_at) = 7 and day(chosen.purchased_at) <= 20 then 0.4
            else 0.07
        end as chance_of_discount,
    from chosen
    join aisles on aisles.aisle = chosen.aisle and aisles.slot = slot(chosen.line, 'product')
    join products on products.product = aisles.product
)

select
    * exclude (chance_of_discount),
    case
        when draw(line, 'discounted') < chance_of_discount
            then (quantity * unit_price * pick(line, 'discount', [0.1, 0.2, 0.3, 0.5]))::decimal(10, 2)
    end as discount,
from priced
order by line;

create table clean_returns as
with brought_back as (
    select
        *,
        purchased_at::date + to_days(1 + whole(line, 'return day', 28)::integer)
            + seconds(36000 + 30000 * draw(line, 'return time')) as returned_at,
    from lines
    where draw(line, 'return') < 0.041
),

numbered as (
    select *, row_number() over (order by returned_at, line) as number
    from brought_back
    where returned_at < timestamp '{end}'
)

select
    number - 1 as i,
    null::varchar as file,
    'R' || strftime(returned_at, '%y%m%d') || '-' || printf('%06d', number) as return_id,
    purchase_id,
    line_number,
    returned_at,
    1 + whole(line, 'returned quantity', quantity)::integer as quantity,
    case
        when category_id = 'chaussures' and draw(line, 'reason') < 0.6 then 'size'
        else pick(line, 'reason', [
            'defect', 'defect', 'changed_mind', 'changed_mind', 'wrong_item', 'damaged', 'size', 'other',
        ])
    end as reason,
from numbered;

create table clean_purchases as
select
    purchase - 1 as i,
    year(purchased_at)::varchar as file,
    purchase_id,
    case when is_named then customer_id end as customer_id,
    -- The web shop writes UTC, the tills write what their clock shows.
    case when channel = 'web' then utc_text(purchased_at) else local_text(purchased_at) end as purchased_at,
    channel,
    store_id,
    payment_reference,
from purchases
join people using (person);

create table clean_purchase_lines as
select
    row_number() over (order by line) - 1 as i,
    year(purchased_at)::varchar as file,
    purchase_id,
    line_number::varchar as line_number,
    product_id,
    quantity::varchar as quantity,
    case
        -- One till in three groups thousands and has a decimal comma.
        when unit_price >= 1000 and line % 3 = 0
            then replace(regexp_replace(unit_price::varchar, '(\\d)(\\d{{3}}\\.)', '\\1 \\2'), '.', ',')
        else unit_price::varchar
    end as unit_price,
    discount::varchar as discount,
from lines;
"""


def sell(connection: duckdb.DuckDBPyConnection, *, start: date, until: date, end: str) -> None:
    """Create `purchases`, `lines` and the clean tables of purchases, lines and returns.

    The first day is `start`, the last `until`; `end` is the moment after it.
    """
    days = [start + timedelta(days=day) for day in range((until - start).days + 1)]
    offers = [(day, channel) for day in days for channel in CHANNELS]
    demand = [_demand(day, channel, day.year - start.year) for day, channel in offers]
    choice = spread(demand, TIMETABLE_SLOTS)
    slots = np.asarray(choice)
    pool(
        connection,
        "timetable",
        {
            "slot": range(TIMETABLE_SLOTS),
            "day": [offers[offer][0] for offer in choice],
            "channel": [offers[offer][1] for offer in choice],
        },
    )
    first_slots = np.searchsorted(slots, np.arange(len(days) + 1) * len(CHANNELS))
    pool(
        connection,
        "openings",
        {"day": [*days, until + timedelta(days=1)], "first_slot": [int(slot) for slot in first_slots]},
    )
    hours = {channel: spread(WEB_HOURS if channel == "web" else COUNTER_HOURS) for channel in CHANNELS}
    pool(
        connection,
        "hours",
        {
            "channel": [channel for channel, slots_ in hours.items() for _ in slots_],
            "slot": [slot for slots_ in hours.values() for slot in range(len(slots_))],
            "hour": [hour for slots_ in hours.values() for hour in slots_],
        },
    )
    values = {"start": start, "end": end, "slots": TIMETABLE_SLOTS, "favourites": FAVOURITES}
    connection.execute(PURCHASES.format(**values))


def _demand(day: date, channel: str, year: int) -> float:
    """How much a channel sells on a day: Christmas, the sales, weekends, the web growing. No unit."""
    if channel != "web" and (day.month, day.day) in HOLIDAYS:
        return 0.0
    share = CHANNEL_SHARES[CHANNELS.index(channel)]
    demand = share * WEEKDAYS[channel][day.weekday()] * MONTHS[day.month - 1]
    if (day.month == 1 and day.day >= 8) or (day.month == 7 and day.day <= 20):
        demand *= 1.3
    if day.month == 12:
        demand *= 1.4 if day.day <= 24 else 0.6
    if day.month == 11 and 22 <= day.day <= 28 and day.weekday() == 4:
        demand *= 2.5
    if channel == "web":
        demand *= 1 + 0.08 * year
    return demand
