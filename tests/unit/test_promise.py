"""A promise is never later than the law allows, and a policy that cannot be read stops nobody from asking."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bigtrust import promise
from bigtrust.settings import PROJECT


@pytest.mark.parametrize(
    ("asked", "latest"),
    [
        ("2026-01-15T10:00:00+00:00", date(2026, 2, 15)),
        ("2026-01-31T10:00:00+00:00", date(2026, 2, 28)),
        ("2028-01-31T10:00:00+00:00", date(2028, 2, 29)),
        ("2026-12-31T10:00:00+00:00", date(2027, 1, 31)),
        ("2026-03-01T00:30:00+01:00", date(2026, 3, 28)),  # still February in UTC
    ],
)
def test_the_law_allows_one_month(asked: str, latest: date) -> None:
    assert promise.deadlines(asked, None) == promise.Deadlines(None, latest)


@given(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)))
def test_no_promise_that_the_policy_may_make_is_later_than_the_law_allows(asked: datetime) -> None:
    deadlines = promise.deadlines(asked.isoformat(), promise.MOST_DAYS)
    assert deadlines.promised is not None
    assert asked.date() < deadlines.promised <= deadlines.latest <= asked.date() + timedelta(days=31)


def test_the_policy_and_its_test_know_the_same_limit() -> None:
    assert promise.promised_days(PROJECT) == 3
    test = (PROJECT / "tests" / "dbt" / "generic" / "policy_settings_are_usable.sql").read_text(encoding="utf-8")
    assert f"('forget_promise_days', 1, {promise.MOST_DAYS})" in test


@pytest.mark.parametrize("value", ["", "0", "29", "many", "1.5", None])
def test_a_policy_that_promises_nothing_usable_is_no_error(tmp_path: Path, value: str | None) -> None:
    settings = tmp_path / promise.SETTINGS
    settings.parent.mkdir(parents=True)
    row = "" if value is None else f"forget_promise_days,{value},\n"
    settings.write_text(f"setting,value,description\nk,5,\n{row}", encoding="utf-8")
    assert promise.promised_days(tmp_path) is None


@pytest.mark.parametrize("content", [None, b"", b"\xff", b"a,b\n1,2\n"])
def test_a_policy_that_cannot_be_read_is_no_error(tmp_path: Path, content: bytes | None) -> None:
    settings = tmp_path / promise.SETTINGS
    settings.parent.mkdir(parents=True)
    if content is not None:
        settings.write_bytes(content)
    assert promise.promised_days(tmp_path) is None
