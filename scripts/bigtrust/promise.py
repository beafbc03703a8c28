"""By when a request takes effect: what the policy promises, and what the law allows."""

import calendar
import csv
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

SETTINGS = Path("seeds/policy/settings.csv")
LEGAL_SOURCE = "GDPR art. 12(3)"
MOST_DAYS = 28  # the shortest month: a promise within it is never later than the law allows


@dataclass(frozen=True)
class Deadlines:
    """The day that the policy promises (None: it cannot be read), and the last day that the law allows."""

    promised: date | None
    latest: date


def deadlines(requested_at: str, days: int | None) -> Deadlines:
    """Return the deadlines of a request; `requested_at` is ISO 8601 with a zone, the days are days in UTC.

    One month ends on the day of the same number in the next month, or on the last day of a shorter one (Regulation
    1182/71, art. 3(2)(c)). That it may move to a working day is left out: it only ever moves on.
    """
    day = datetime.fromisoformat(requested_at).astimezone(UTC).date()
    return Deadlines(None if days is None else day + timedelta(days=days), _month_later(day))


def promised_days(project: Path) -> int | None:
    """Return `forget_promise_days` of the policy, or None if it cannot be read or promises what the law forbids.

    A policy that cannot be used stops a run, which says why. It never stops anybody from asking to be forgotten.
    """
    with suppress(OSError, ValueError, KeyError, TypeError, csv.Error):
        with (project / SETTINGS).open(encoding="utf-8", newline="") as file:
            values = {row["setting"]: row["value"] for row in csv.DictReader(file)}
        days = int(values["forget_promise_days"])
        return days if 1 <= days <= MOST_DAYS else None
    return None


def _month_later(day: date) -> date:
    year, month = divmod(day.year * 12 + day.month, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
