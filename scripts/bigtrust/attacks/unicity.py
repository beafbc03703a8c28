"""Unicity: whoever knows a few purchases of a person, how often do they find this person and nobody else?

*The attacker has* the publication, and knows of one person p purchases (or contacts) at some resolution: on which day,
of which product. *Judged* by counting the persons who have all p of them. Exactly one: singled out.

The measure is that of de Montjoye, Radaelli, Singh and Pentland, Unique in the shopping mall: on the reidentifiability
of credit card metadata, Science 347 (2015), 536-539: p points are drawn at random of the trace of a person, and the
unicity is the share of persons whose p points are in no other trace. A trace is the *set* of a person's points: two
purchases that are the same at a resolution are one point. Persons with fewer than p points are not looked at.
"""

from dataclasses import dataclass

import duckdb

from bigtrust.attacks.measures import Measure, counted, share, with_interval

MOST_KNOWN = 4


@dataclass(frozen=True)
class Resolution:
    """How exactly something is known. `columns` are SQL expressions on `source`; `things` is what is known of it."""

    name: str
    things: str
    source: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Unicity:
    """By the number of known points, from 1: persons with so many, persons looked at, and those singled out."""

    persons: tuple[int, ...]
    looked_at: tuple[int, ...]
    singled_out: tuple[int, ...]


_LINES = "analytics.marts.purchase_lines"
_LINES_OF_PERSONS = f"{_LINES} left join analytics.marts.customers using (person_pseudonym)"
RESOLUTIONS = {
    "analytics": (
        Resolution("day and product", "purchase", _LINES, ("purchased_on", "product_id")),
        Resolution("day and category", "purchase", _LINES, ("purchased_on", "category_id")),
        Resolution("month and category", "purchase", _LINES, ("date_trunc('month', purchased_on)", "category_id")),
        Resolution(
            "month and category, with the decade of birth and the region of the person",
            "purchase",
            _LINES_OF_PERSONS,
            ("date_trunc('month', purchased_on)", "category_id", "birth_decade", "region"),
        ),
        Resolution("day and channel", "purchase", "analytics.marts.purchases", ("purchased_on", "channel")),
        Resolution(
            "day, channel and amount to the euro",
            "purchase",
            "analytics.marts.purchases",
            ("purchased_on", "channel", "round(net_amount)"),
        ),
        Resolution(
            "month, channel and amount to ten euros",
            "purchase",
            "analytics.marts.purchases",
            ("date_trunc('month', purchased_on)", "channel", "round(net_amount, -1)"),
        ),
        Resolution(
            "day, kind and category",
            "contact",
            "analytics.marts.touchpoints",
            ("occurred_on", "touchpoint", "category_id"),
        ),
        Resolution(
            "month, kind and category",
            "contact",
            "analytics.marts.touchpoints",
            ("date_trunc('month', occurred_on)", "touchpoint", "category_id"),
        ),
    ),
    "service": (
        Resolution("day and product", "purchase", "service.marts.guarantees", ("purchased_on", "product_id")),
        Resolution("day and topic", "question", "service.marts.contacts", ("opened_on", "topic")),
    ),
}


def singled_out(
    connection: duckdb.DuckDBPyConnection,
    resolution: Resolution,
    *,
    sample: int,
    seed: int,
    person: str = "person_pseudonym",
) -> Unicity:
    """Draw points of at most `sample` persons and count who has them, for 1 to MOST_KNOWN points.

    The same file and `seed` give the same figures. The points of fewer are among the points of more. Leaves nothing
    behind.
    """
    named = ", ".join(f"{column} as c{number}" for number, column in enumerate(resolution.columns))
    names = ", ".join(f"c{number}" for number in range(len(resolution.columns)))
    execute = connection.execute
    execute(
        f"""
        create or replace temp table traces as
        select person, dense_rank() over (order by {names}) as point
        from (select distinct {person} as person, {named} from {resolution.source} where {person} is not null)
        """
    )
    execute(
        """
        create or replace temp table chosen as
        with
            persons as (select person, count(*) as points from traces group by person),
            numbers as (select unnest(range(1, cast($most as bigint) + 1)) as known)
        select
            numbers.known,
            persons.person,
            count(*) over (partition by numbers.known) as persons,
            row_number() over (
                partition by numbers.known order by md5($seed || cast(persons.person as varchar))
            ) as place
        from persons
        inner join numbers on persons.points >= numbers.known
        qualify place <= $sample
        """,
        {"most": MOST_KNOWN, "seed": f"{seed}:", "sample": sample},
    )
    # the rarest first: whoever has all of them is among the few who have that one
    execute(
        """
        create or replace temp table known_points as
        with
            drawn as (
                select chosen.known, traces.person as target, traces.point
                from chosen
                inner join traces on chosen.person = traces.person
                qualify
                    row_number() over (
                        partition by chosen.known, traces.person
                        order by md5($seed || cast(traces.person as varchar) || ':' || traces.point)
                    )
                    <= chosen.known
            ),
            frequencies as (
                select point, count(*) as persons
                from traces
                where point in (select point from drawn)
                group by point
            )
        select
            drawn.known,
            drawn.target,
            drawn.point,
            frequencies.persons,
            row_number() over (partition by known, target order by frequencies.persons, drawn.point) as place
        from drawn
        inner join frequencies on drawn.point = frequencies.point
        """,
        {"seed": f"{seed}:"},
    )
    execute(
        """
        create or replace temp table candidates as
        select known_points.known, known_points.target, traces.person
        from known_points
        inner join traces on known_points.point = traces.point
        where known_points.known > 1 and known_points.place = 1
        """
    )
    for place in range(2, MOST_KNOWN + 1):
        execute(
            f"""
            create or replace temp table candidates as
            select * from candidates where known < {place}
            union all
            select candidates.known, candidates.target, candidates.person
            from candidates
            inner join known_points
                on candidates.known = known_points.known
                and candidates.target = known_points.target
                and known_points.place = {place}
            inner join traces on candidates.person = traces.person and known_points.point = traces.point
            """
        )
    rows = execute(
        """
        with
            found as (
                select known, target, persons from known_points where known = 1
                union all
                select known, target, count(*) from candidates group by known, target
            ),
            alone as (select known, count(*) as targets from found where persons = 1 group by known)
        select chosen.known, any_value(chosen.persons), count(*), coalesce(any_value(alone.targets), 0)
        from chosen
        left join alone on chosen.known = alone.known
        group by chosen.known
        """
    ).fetchall()
    for table in ("traces", "chosen", "known_points", "candidates"):
        execute(f"drop table {table}")
    found = {known: counts for known, *counts in rows}
    persons, looked_at, alone = zip(*(found.get(known, (0, 0, 0)) for known in range(1, MOST_KNOWN + 1)), strict=True)
    return Unicity(persons, looked_at, alone)


def measure(connection: duckdb.DuckDBPyConnection, resolution: Resolution, *, sample: int, seed: int) -> Measure:
    """Measure one resolution."""
    return said(resolution, singled_out(connection, resolution, sample=sample, seed=seed))


def said(resolution: Resolution, found: Unicity) -> Measure:
    """Say what was found."""
    things = resolution.things
    name = f"Singled out by known {things}s: {resolution.name}"
    most = sum(looked_at > 0 for looked_at in found.looked_at)
    if not most:
        return Measure(name, "nobody", f"No person has a {things} in the file, so nobody could be looked for.")
    counts = list(zip(found.singled_out, found.looked_at, strict=True))[:most]
    shares = [*(share(alone, of) for alone, of in counts[:-1]), with_interval(*counts[-1])]
    figure = "; ".join(f"{number} known: {text}" for number, text in enumerate(shares, start=1))
    return Measure(name, figure, _meaning(things, most, found))


def _meaning(things: str, most: int, found: Unicity) -> str:
    alone, looked_at, persons = (values[most - 1] for values in (found.singled_out, found.looked_at, found.persons))
    of_whom = "all" if looked_at == persons else f"a random sample of the {persons:,}"
    known = counted(most, f"known {things}")
    who = f"{alone:,} of {looked_at:,} persons ({of_whom} who have so many) are singled out by {known}"
    if alone * 2 >= looked_at:
        return (
            f"{who}: who knows that much of somebody finds all their rows. The file is personal data; whoever has it "
            "must treat it so."
        )
    if alone:
        return f"{who}. Fewer than half, but not nobody: the file is personal data."
    return f"{who}: known so coarsely, at least two persons are alike each time."
