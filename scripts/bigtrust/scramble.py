"""Other values in the place of identifiers: of the same shape, or of the same generalised class.

What comes out is decided by a seed, and is the same for the same seed and values. Everything is a set of distinct
values in DuckDB; only distinct characters are looked at in Python.
"""

import string
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime

import duckdb

from bigtrust import sql

# A digit that may not be 0, in a shape; any other digit is written as 0 there.
_FIRST_DIGIT = "1"
_POSTAL_CODE = "postal_code"


def exchange_texts(
    connection: duckdb.DuckDBPyConnection, source: str, target: str, seed: str, *, keep_shape: bool = True
) -> None:
    """Make the table `target` of `domain`, `value`, `other` from the table `source` of distinct `domain`, `value`.

    Within a domain, different values get different others. The other has the same length, and at each place a
    character of the same kind (digit, small letter, capital, accented letter, letter of the same script) or, if it is
    of no such kind, the same character. Of a number the leading zeros stay, of a postal code its area. A value has
    itself as its other only if nothing else has its shape.

    The other is drawn from the values that are there and as many fresh ones: they are put into a random ring, and each
    gives way to the next. So nothing can collide, however few texts of a shape there are, and no order survives. With
    `keep_shape=False` all values of a domain form one ring with fresh ones that are longer: lengths change, too.
    """
    characters = connection.execute(
        f"select distinct unnest(string_split(value, '')) from {source} order by 1"
    ).fetchall()
    alphabets, from_characters, to_shape = _kinds(character for (character,) in characters)
    connection.execute("set variable alphabets = ?", [{"key": [*alphabets], "value": [*alphabets.values()]}])
    shape_of_rest = f"translate(rest, {sql.text(from_characters)}, {sql.text(to_shape)})"
    like = "domain, head, shape" if keep_shape else "domain"
    drawn = "shape" if keep_shape else "shape || repeat(right(shape, 1), 1 + (hash($seed, value) % 3)::integer)"
    connection.execute(
        rf"""
        create or replace temp table {target} as
        with
            heads as (
                select
                    domain,
                    value,
                    case
                        when domain = '{_POSTAL_CODE}' then left(value, if(left(value, 2) = '97', 3, 2))
                        when regexp_full_match(value, '[0-9]+') then regexp_extract(value, '^0*')
                        else ''
                    end as head
                from {source}
            ),
            shaped as (
                select
                    domain,
                    value,
                    head,
                    case
                        when domain <> '{_POSTAL_CODE}' and regexp_full_match(rest, '[0-9]+')
                        then '{_FIRST_DIGIT}' || repeat('0', length(rest) - 1)
                        else {shape_of_rest}
                    end as shape
                from (select *, substr(value, length(head) + 1) as rest from heads)
            ),
            fresh as (
                select distinct domain, head, shape, head || array_to_string(
                    list_transform(
                        string_split({drawn}, ''),
                        lambda kind, place: coalesce(
                            getvariable('alphabets')[kind][
                                1 + (hash($seed, domain, value, place) % len(getvariable('alphabets')[kind]))::integer
                            ],
                            kind
                        )
                    ),
                    ''
                ) as value
                from shaped
                where shape <> ''
            ),
            candidates as (
                select domain, head, shape, value, true as is_there from shaped
                union all
                select domain, any_value(head), any_value(shape), value, false
                from fresh
                where not exists (
                    select 1 from shaped where shaped.domain = fresh.domain and shaped.value = fresh.value
                )
                group by domain, value
            ),
            rings as (
                select domain, value, is_there, coalesce(lead(value) over ring, first_value(value) over ring) as other
                from candidates
                window ring as (partition by {like} order by hash($seed, domain, value), value)
            )
        select domain, value, other from rings where is_there
        """,
        {"seed": seed},
    )


def exchange_days(
    connection: duckdb.DuckDBPyConnection, source: str, target: str, seed: str, today: date, years: int
) -> None:
    """Make the table `target` of `day`, `other` from the table `source` of distinct `day`: another day of the decade.

    Who is so many years old today stays so, and who is younger stays younger.
    Days before 1900 and after today are not there: they are published as unknown, and stay as they are.
    """
    connection.execute(
        f"""
        create or replace temp table {target} as
        with
            decades as (
                select
                    day,
                    greatest(
                        date_trunc('decade', day), date '1900-01-01', if(day > born_until, born_until + 1, null)
                    )::date as first_day,
                    least(
                        date_trunc('decade', day) + interval 10 year - interval 1 day,
                        $today,
                        if(day <= born_until, born_until, null)
                    )::date as last_day
                from {source}, (select ($today - to_years($years))::date as born_until)
                where day between date '1900-01-01' and $today
            )
        select
            day,
            -- from the day itself on, one to all but one days ahead, in a circle
            first_day + (
                (day - first_day + 1 + hash($seed, day) % greatest(last_day - first_day, 1)::ubigint)
                % (last_day - first_day + 1)
            )::integer as other
        from decades
        """,
        {"seed": seed, "today": today, "years": years},
    )


def exchange_moments(
    connection: duckdb.DuckDBPyConnection, source: str, target: str, seed: str, zone: str, now: datetime
) -> None:
    """Make the table `target` of `moment`, `other` from the table `source` of distinct `moment` (UTC, without zone).

    The other lies on the same day in `zone` and in UTC. Every comparison that models make comes out the same: of two
    moments, also after whole days were added to one, and of a moment with midnight, with `now` (UTC, without zone) and
    with the next hour, in which the builds take place. For that, one strictly rising map of the time of day serves all
    days; it cannot move what lies at such a bound. What a clock shows twice a year stays, too, and moments before 1900
    or after tomorrow are not there: what is far ahead may be a way to say "open".
    """
    connection.execute(
        f"""
        create or replace temp table times as
        select moment, date_trunc('day', moment) as day, date_diff('microsecond', day, moment) as time
        from {source}
        where moment >= timestamp '1900-01-01' and moment < $now + interval 1 day
        """,
        {"now": now},
    )
    ambiguous = _half_hours_shown_twice(connection, zone)
    connection.execute(
        f"""
        create or replace temp table {target} as
        with
            midnights as (
                select distinct timezone('UTC', timezone($zone, unnest([day, day + interval 1 day]))) as midnight
                from (select distinct date_trunc('day', timezone($zone, timezone('UTC', moment))) as day from times)
            ),
            bounds as (
                select 0::bigint as bound
                union
                select 86400000000
                union
                select date_diff('microsecond', date_trunc('day', instant), instant)
                from (select midnight as instant from midnights union all select unnest([$now, $now + interval 1 hour]))
                union
                select unnest($ambiguous::bigint[]) * 1800000000
                union
                select (unnest($ambiguous::bigint[]) + 1) * 1800000000
            ),
            spans as (
                select bound as begins, lead(bound) over (order by bound) as ends
                from bounds
            ),
            moving as (
                select
                    time,
                    begins,
                    ends - begins - 1 - count(*) over span as room,
                    row_number() over by_time as rank,
                    -- steps that grow: whatever the hours were, most become others
                    sum((1 + hash($seed, time) % 1000)::hugeint * rank) over by_time as steps
                from (
                    select distinct times.time, spans.begins, spans.ends, row_number() over by_time as rank
                    from (select distinct time from times) as times
                    inner join spans on times.time > spans.begins and times.time < spans.ends
                    where spans.begins // 1800000000 not in (select unnest($ambiguous::bigint[]))
                    window by_time as (partition by spans.begins order by times.time)
                )
                window
                    span as (partition by begins),
                    by_time as (partition by begins order by time)
            ),
            moved as (
                select
                    time,
                    begins + rank + (room * (steps / (max(steps) over (partition by begins) + 1000)))::bigint as other
                from moving
                where room > 0
            )
        select times.moment, times.day + to_microseconds(moved.other) as other
        from times
        inner join moved on times.time = moved.time
        """,
        {"seed": seed, "zone": zone, "now": now, "ambiguous": ambiguous},
    )


def _half_hours_shown_twice(connection: duckdb.DuckDBPyConnection, zone: str) -> list[int]:
    """The half hours of the day (UTC, from 0) in which, on some day, a local time is read as another moment."""
    rows = connection.execute(
        """
        with moments as (
            select unnest(generate_series(day, day + interval 1 day, interval 30 minute)) as clock
            from (select distinct day from times)
        )
        select distinct date_diff('minute', date_trunc('day', clock), clock) // 30
        from moments
        where timezone('UTC', timezone($zone, timezone($zone, timezone('UTC', clock)))) <> clock
        order by 1
        """,
        {"zone": zone},
    ).fetchall()
    return [int(half_hour) for (half_hour,) in rows]


def _kinds(characters: Iterable[str]) -> tuple[dict[str, list[str]], str, str]:
    """The alphabets by the character that stands for them in a shape, and which character stands for which."""
    alphabets = {_FIRST_DIGIT: list("123456789")}
    from_characters, to_shape = "", ""
    for character in characters:
        alphabet = _alphabet(character)
        if alphabet:
            alphabets[alphabet[0]] = list(alphabet)
            from_characters += character
            to_shape += alphabet[0]
    return alphabets, from_characters, to_shape


def _alphabet(character: str) -> str:
    """The characters of the same kind; none if the character is neither letter nor digit."""
    for alphabet in (string.digits, string.ascii_lowercase, string.ascii_uppercase):
        if character in alphabet:
            return alphabet
    category = unicodedata.category(character)
    if character.isascii() or category not in ("Lu", "Ll", "Lt", "Lo", "Nd"):
        return ""
    block = ord(character) // 128 * 128
    script = _script(character)
    return "".join(
        other
        for other in map(chr, range(block, block + 128))
        if unicodedata.category(other) == category and _script(other) == script
    )


def _script(character: str) -> str:
    return unicodedata.name(character, "").partition(" ")[0]
