"""Other values in the place of identifiers: what they keep, and what they do not."""

import unicodedata
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bigtrust import scramble

TODAY, NOW = date(2026, 11, 24), datetime(2026, 11, 24, 10, 30)
TEXTS = st.text(
    st.one_of(
        st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp", "Cf")),
        st.sampled_from("abcxyzABCXYZ0123456789éèçÉÑŁł@.-'_ "),
    ),
    min_size=1,
    max_size=12,
).filter(lambda text: text.strip(" ") == text)
EXAMPLES = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def exchanged(
    values: Iterable[str], domain: str = "last_name", seed: str = "1", *, keep_shape: bool = True
) -> dict[str, str]:
    with duckdb.connect() as connection:
        connection.execute(
            "create table texts as select ? as domain, unnest(?::varchar[]) as value", [domain, [*values]]
        )
        scramble.exchange_texts(connection, "texts", "exchanged", seed, keep_shape=keep_shape)
        rows = connection.execute("select value, other from exchanged").fetchall()
    assert len(rows) == len(set(values))
    return dict(rows)


def shape(text: str) -> list[tuple[str, bool] | str]:
    """The kind of each character: its category, and whether it is ASCII; others stand for themselves."""
    kinds = ("Ll", "Lu", "Lt", "Lo", "Nd")
    return [(unicodedata.category(one), one.isascii()) if unicodedata.category(one) in kinds else one for one in text]


@EXAMPLES
@given(st.sets(TEXTS, min_size=1, max_size=40))
def test_the_other_has_the_same_shape_and_different_stays_different(values: set[str]) -> None:
    others = exchanged(values)
    assert all(shape(value) == shape(other) for value, other in others.items())
    assert len(set(others.values())) == len(values)
    # what staging reads is what was exchanged
    assert all(other.strip(" \t\n\r\u00a0\u200b\u202f\u3000\ufeff") == other for other in others.values())


@EXAMPLES
@given(st.sets(TEXTS, min_size=1, max_size=40))
def test_without_the_shape_lengths_change_and_different_stays_different(values: set[str]) -> None:
    others = exchanged(values, keep_shape=False)
    assert len(set(others.values())) == len(values)


def test_lengths_change_even_of_a_single_name() -> None:
    assert all(len(other) > 6 for other in exchanged(["Dupont"], keep_shape=False).values())


@EXAMPLES
@given(st.sets(st.from_regex(r"[0-9]{1,6}", fullmatch=True), min_size=1, max_size=60))
def test_leading_zeros_stay(values: set[str]) -> None:
    for value, other in exchanged(values, "customer_id").items():
        assert len(value) - len(value.lstrip("0")) == len(other) - len(other.lstrip("0"))
        assert len(value) == len(other)


@pytest.mark.parametrize("texts", [[str(number) for number in range(1, 10)], list("abcdefghijklmnopqrstuvwxyz")])
def test_where_every_text_of_a_shape_is_taken_they_give_way_to_each_other(texts: list[str]) -> None:
    others = exchanged(texts)
    assert set(others.values()) == set(texts)
    assert all(value != other for value, other in others.items())


def test_no_order_survives() -> None:
    numbers = [f"C{number:07}" for number in range(1000, 1200)]
    others = [*map(exchanged(numbers).__getitem__, numbers)]
    pairs = sum(one < two for one, two in pairwise(others))
    assert 60 < pairs < 140
    assert sorted(others) != others


def test_every_value_gives_way_to_another_and_another_seed_to_yet_another() -> None:
    names = [f"nom{letter}" for letter in "abcdefgh"]
    first, second = exchanged(names, seed="1"), exchanged(names, seed="2")
    assert all(value != other for value, other in first.items())
    assert first != second
    assert first == exchanged(names, seed="1")


def test_a_text_of_other_characters_only_stays() -> None:
    assert exchanged(["—", "Zoé"])["—"] == "—"


@EXAMPLES
@given(st.sets(st.from_regex(r"(0[1-9]|[1-9][0-9])[0-9]{3}", fullmatch=True), min_size=1, max_size=60))
def test_a_postal_code_stays_in_its_area(codes: set[str]) -> None:
    for code, other in exchanged(codes, "postal_code").items():
        area = 3 if code.startswith("97") else 2
        assert code[:area] == other[:area]
        assert len(code) == len(other)


@EXAMPLES
@given(st.sets(st.dates(date(1850, 1, 1), date(2030, 1, 1)), min_size=1, max_size=60))
def test_a_birth_date_stays_in_its_decade_and_on_its_side_of_eighteen_years(days: set[date]) -> None:
    of_age = TODAY.replace(year=TODAY.year - 18)
    with duckdb.connect() as connection:
        connection.execute("create table days as select unnest(?::date[]) as day", [sorted(days)])
        scramble.exchange_days(connection, "days", "exchanged", "1", TODAY, 18)
        others = dict(connection.execute("select day, other from exchanged").fetchall())
    assert set(others) == {day for day in days if date(1900, 1, 1) <= day <= TODAY}
    for day, other in others.items():
        assert day.year // 10 == other.year // 10
        assert (day <= of_age) == (other <= of_age)
        assert date(1900, 1, 1) <= other <= TODAY
        assert day != other


def moments_exchanged(moments: Iterable[datetime], zone: str = "Europe/Paris") -> dict[datetime, datetime]:
    with duckdb.connect() as connection:
        connection.execute("create table moments as select unnest(?::timestamp[]) as moment", [sorted(moments)])
        scramble.exchange_moments(connection, "moments", "exchanged", "1", zone, NOW)
        return dict(connection.execute("select moment, other from exchanged").fetchall())


MOMENTS = st.one_of(
    st.datetimes(datetime(1890, 1, 1), datetime(2027, 1, 1)),
    st.builds(
        datetime.combine,
        st.dates(date(2026, 10, 20), date(2026, 11, 30)),
        st.one_of(st.times(), st.builds(time, st.integers(0, 23), st.sampled_from([0, 30]))),
    ),
)


@EXAMPLES
@given(st.sets(MOMENTS, min_size=2, max_size=80), st.sampled_from(["Europe/Paris", "America/New_York", "Asia/Kolkata"]))
def test_no_comparison_of_times_comes_out_otherwise(moments: set[datetime], zone: str) -> None:
    others = moments_exchanged(moments, zone)

    def other(moment: datetime) -> datetime:
        return others.get(moment, moment)

    def local(moment: datetime) -> datetime:
        return moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))

    for moment in moments:
        assert other(moment).date() == moment.date()
        assert local(other(moment)).date() == local(moment).date()
        assert (other(moment) <= NOW) == (moment <= NOW)
        assert (other(moment) < datetime(1900, 1, 1)) == (moment < datetime(1900, 1, 1))
        # what a shop's clock shows is read as the same moment again
        shown = local(other(moment)).replace(tzinfo=None)
        was_clear = local(moment).replace(tzinfo=None, fold=1).replace(tzinfo=ZoneInfo(zone), fold=1)
        if was_clear.astimezone(UTC).replace(tzinfo=None) == moment:
            assert shown.replace(tzinfo=ZoneInfo(zone), fold=1).astimezone(UTC).replace(tzinfo=None) == other(moment)
    known = [moment for moment in moments if datetime(1900, 1, 1) <= moment < NOW + timedelta(days=1)]
    for days in (0, 1, 90):
        for one in known:
            for two in known:
                assert (one < two + timedelta(days)) == (other(one) < other(two) + timedelta(days))


def test_most_times_get_another_hour() -> None:
    moments = [datetime(2026, 3, 1, 9) + timedelta(minutes=7 * number) for number in range(90)]
    others = moments_exchanged(moments)
    assert sum(moment.hour != others[moment].hour for moment in moments) > 60


def test_a_day_without_a_time_stays() -> None:
    midnight = datetime(2026, 3, 1, 23)  # in Paris
    assert moments_exchanged([midnight, datetime(2026, 3, 1, 12)])[datetime(2026, 3, 1, 12)] != datetime(2026, 3, 1, 12)
    assert midnight not in moments_exchanged([midnight])
