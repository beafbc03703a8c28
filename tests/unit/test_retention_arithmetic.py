"""The arithmetic of retention windows: calendar months, exact at leap days and month ends."""

import calendar
from datetime import date, timedelta

import duckdb
import jinja2
import pytest

from bigtrust.settings import PROJECT

FIRST, LAST = date(1999, 1, 1), date(2101, 1, 1)


def months_later(day: date, months: int) -> date:
    """The same day so many months later; the last day of that month if it is too short."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def visible_until(start: str, months: int) -> str:
    """The SQL of the macro visible_until for a window of so many months."""
    text = (PROJECT / "macros" / "policy" / "visible_until.sql").read_text(encoding="utf-8")
    template = jinja2.Environment(autoescape=False).from_string(text, {"retention_months": lambda *_: months})  # noqa: S701
    return str(template.make_module().visible_until("purchases", "analytics", start))  # type: ignore[attr-defined]


@pytest.mark.parametrize("months", [1, 2, 11, 12, 13, 24, 25, 36, 48, 60, 120, 1200])
def test_every_day_of_a_century_ends_on_the_same_day_so_many_months_later(months: int) -> None:
    query = f"""
        select day, {visible_until("day", months)}
        from (select cast(unnest(generate_series(?::date, ?::date, interval 1 day)) as date) as day)
        order by day
    """
    with duckdb.connect() as connection:
        rows = connection.execute(query, [FIRST, LAST]).fetchall()
    assert len(rows) == (LAST - FIRST).days + 1
    assert rows == [(day, months_later(day, months)) for day, _ in rows]


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("2024-02-29", 12, "2025-02-28"),
        ("2024-02-29", 36, "2027-02-28"),
        ("2024-02-29", 48, "2028-02-29"),
        ("2025-02-28", 36, "2028-02-28"),
        ("2026-01-31", 1, "2026-02-28"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2026-02-28", 1, "2026-03-28"),
        ("2026-08-31", 1, "2026-09-30"),
        ("2000-02-29", 1200, "2100-02-28"),
    ],
)
def test_the_days_that_a_privacy_officer_would_ask_about(start: str, months: int, end: str) -> None:
    with duckdb.connect() as connection:
        ((day,),) = connection.execute(f"select {visible_until(f'date {start!r}', months)}").fetchall()
    assert day == date.fromisoformat(end)
    assert day == months_later(date.fromisoformat(start), months)


def test_who_starts_later_never_ends_earlier() -> None:
    query = f"""
        with days as (select cast(unnest(generate_series(?::date, ?::date, interval 1 day)) as date) as day)
        select count(*) from days where {visible_until("day", 36)} > {visible_until("cast(day + 1 as date)", 36)}
    """
    with duckdb.connect() as connection:
        assert connection.execute(query, [FIRST, LAST - timedelta(days=1)]).fetchall() == [(0,)]
