"""RET-05: what a mart reads of a relation with a window is compared with today."""

from datetime import date

import pytest
import sqlglot
from sqlglot.optimizer.qualify import qualify

from bigtrust.lineage import windows

TODAY = "cast(timezone('UTC', now()) as date)"
SCHEMA = {
    "shop": {
        "protected": {
            "visits": {"person": "unknown", "visible_until": "unknown"},
            "pauses": {"person": "unknown", "visible_until": "unknown"},
            "products": {"product": "unknown"},
        }
    }
}


def read(sql: str, as_of: date | None = None) -> list[tuple[str, bool]]:
    query = qualify(sqlglot.parse_one(sql.replace("TODAY", TODAY), dialect="duckdb"), dialect="duckdb", schema=SCHEMA)
    found = windows.read(query, lambda table: table.name in ("visits", "pauses"), as_of)
    return sorted((".".join(part.name for part in table.parts), hides) for table, hides in found)


VISITS, PAUSES = "shop.protected.visits", "shop.protected.pauses"


@pytest.mark.parametrize(
    "sql",
    [
        f"select person from {VISITS} where visible_until > TODAY",
        f"select person from {VISITS} as v where v.person is not null and (v.visible_until > TODAY)",
        f"with v as (select person from {VISITS} where visible_until > TODAY) select person from v",
        f"select a.x from (select 1 as x) as a left join {VISITS} as v on v.visible_until > TODAY and v.person = a.x",
    ],
)
def test_a_mart_hides_what_has_expired(sql: str) -> None:
    assert read(sql) == [(VISITS, True)]


@pytest.mark.parametrize(
    "sql",
    [
        f"select person from {VISITS}",
        f"select person from {VISITS} where visible_until > TODAY or person is null",
        f"select person from {VISITS} where not visible_until > TODAY",
        f"select person from {VISITS} where visible_until > visible_until",
        f"select person from {VISITS} where TODAY > visible_until",
        f"select person from {VISITS} where person is not null",
        # of a left join, the condition hides rows of the other side only
        f"select v.person from {VISITS} as v left join (select 1 as x) as a on v.visible_until > TODAY",
        f"select v.person from (select 1 as x) as a right join {VISITS} as v on v.visible_until > TODAY",
        f"select v.person from (select 1 as x) as a full join {VISITS} as v on v.visible_until > TODAY",
        # another day than today
        f"select person from {VISITS} where visible_until > cast('1900-01-01' as date)",
        f"select person from {VISITS} where visible_until > TODAY - interval 10 year",
        f"select person from (select * from {VISITS}) as v where v.visible_until > TODAY",
    ],
)
def test_a_mart_goes_on_showing_what_has_expired(sql: str) -> None:
    assert read(sql) == [(VISITS, False)]


def test_the_day_that_stands_for_today_is_compared_with() -> None:
    sql = f"select person from {VISITS} where visible_until > cast('2026-01-31' as date)"
    assert read(sql, date(2026, 1, 31)) == [(VISITS, True)]
    assert read(sql, date(2026, 2, 1)) == [(VISITS, False)]
    assert read(f"select person from {VISITS} where visible_until > TODAY", date(2026, 1, 31)) == [(VISITS, False)]


def test_every_relation_that_is_read_is_looked_at_each_time() -> None:
    sql = f"""
        select v.person from {VISITS} as v
        left join {PAUSES} as p on v.person = p.person
        where v.visible_until > TODAY
        union all
        select person from {VISITS}
    """
    assert read(sql) == [(PAUSES, False), (VISITS, False), (VISITS, True)]
    assert read("select product from shop.protected.products") == []
