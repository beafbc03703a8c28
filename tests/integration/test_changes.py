"""A run that reads only the changes publishes what a full build of the same landing, register and day publishes.

The demo's events are held back in part and delivered day by day, so that lines, headers, returns and contacts come in
any order. Runs of this module build and publish without checks.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from bigtrust import inputs, pipeline, register
from bigtrust.demo import write_demo
from warehouse import PUBLICATIONS, Warehouse, unchecked

pytestmark = pytest.mark.xdist_group("changes")

FIRST_DAY = date(2025, 6, 30)
EVENTS = {  # what identifies a row
    "purchases": "purchase_id",
    "purchase_lines": "purchase_id || '/' || line_number",
    "returns": "return_id",
    "web_events": "event_id",
    "support_tickets": "ticket_id",
    "marketing_messages": "message_id",
}
OF_THE_RUN = {"about", "runs", "check_results"}  # relations that say when they were built, and how
Rows = dict[str, list[tuple[Any, ...]]]


class Quiet:
    """A reporter that tells nobody."""

    def phase(self, name: str) -> None:
        """Nothing."""

    def progress(self, what: str, finished: int, total: int) -> None:
        """Nothing."""

    def say(self, line: str) -> None:
        """Nothing."""


@dataclass
class Shop:
    """A warehouse whose deliveries come day by day."""

    warehouse: Warehouse

    def run(self, *, full_refresh: bool = False) -> str:
        """Run without checks, and return what was built."""
        with unchecked():
            built = pipeline.run(self.warehouse.settings, Quiet(), full_refresh=full_refresh).record.built
        assert built is not None
        return built

    def plan(self) -> inputs.Plan:
        """What the next run would build."""
        return inputs.read(self.warehouse.settings, full_refresh=False).plan

    def rows(self) -> Rows:
        """All rows of all publications, by relation, in the order of their columns; what a run says of itself aside."""
        found: Rows = {}
        for publication in PUBLICATIONS:
            with duckdb.connect(str(self.warehouse.root / "published" / f"{publication}.duckdb"), read_only=True) as c:
                for schema, name in c.execute(
                    "select table_schema, table_name from information_schema.tables order by all"
                ).fetchall():
                    if name not in OF_THE_RUN:
                        columns = "*"
                        query = f"select {columns} from {schema}.{name} order by all"
                        found[f"{publication}.{schema}.{name}"] = c.execute(query).fetchall()
        return found

    def as_it_is(self, folder: Path) -> Shop:
        """The same landing, register, secret and day without anything built."""
        for name in ("landing", "register", "secrets"):
            shutil.copytree(self.warehouse.root / name, folder / name)
        return Shop(Warehouse(folder, variables=dict(self.warehouse.variables)))

    def sql(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """The rows of a query on the landing files; {table} stands for the files of a table."""
        with duckdb.connect() as connection:
            return connection.execute(query.format_map(Files(self.warehouse.landing)), list(parameters)).fetchall()

    def write(self, path: str, query: str) -> None:
        """Write the rows of a query on the landing files as a landing file."""
        target = self.warehouse.landing / path
        target.parent.mkdir(exist_ok=True)
        with duckdb.connect() as connection:
            options = "format csv, header" if target.suffix == ".csv" else "format parquet"
            unfinished = target.with_name(f".{target.name}")
            connection.execute(
                f"copy ({query.format_map(Files(self.warehouse.landing))}) to '{unfinished}' ({options})"
            )
            unfinished.replace(target)

    def day(self, day: date) -> None:
        """Let the next runs be on a day."""
        self.warehouse.variables["BIGTRUST_AS_OF"] = day.isoformat()


class Files(dict[str, str]):
    """The reader of a landing table by name; {held_<table>} are the events that are still to come."""

    def __init__(self, landing: Path) -> None:
        self._landing = landing

    def __missing__(self, name: str) -> str:
        if name.startswith("held_"):
            return f"read_parquet('{self._landing.parent}/held/{name.removeprefix('held_')}.parquet')"
        path = self._landing / name
        if path.is_dir():
            return f"read_parquet('{path}/*.parquet', union_by_name = true)"
        return f"read_csv('{path}.csv', all_varchar = true)"


@dataclass(frozen=True)
class Outcome:
    """What a run built, what it published, and what a full build publishes."""

    built: str
    published: Rows
    anew: Rows


def hold_back(shop: Shop) -> None:
    """Deliver six eighths of all events, each whole; the others are for later."""
    landing = shop.warehouse.landing
    (landing.parent / "held").mkdir()
    for table, key in EVENTS.items():
        path = landing / table
        source = f"read_parquet('{path}/*.parquet')" if path.is_dir() else f"'{next(landing.glob(f'{table}.*'))}'"
        if list(landing.glob(f"{table}.csv")):
            source = f"read_csv('{path}.csv', all_varchar = true)"
        with duckdb.connect() as connection:
            connection.execute(
                f"create table events as select *, hash({key}) % 8 as part from {source} where {key} is not null"
            )
            shutil.rmtree(path) if path.is_dir() else next(landing.glob(f"{table}.*")).unlink()
            path.mkdir()
            for part in range(6):
                connection.execute(
                    f"copy (select * exclude part from events where part = {part}) to '{path}/0{part}.parquet'"
                )
            connection.execute(f"copy (from events where part > 5) to '{landing.parent}/held/{table}.parquet'")
    for table in ("customers", "erasure_requests", "legal_holds"):  # read as a whole
        path = landing / table
        source = f"{path}/*.parquet" if path.is_dir() else f"{path}.parquet"
        with duckdb.connect() as connection:
            connection.execute(f"create table whole as from read_parquet('{source}')")
            shutil.rmtree(path) if path.is_dir() else path.with_suffix(".parquet").unlink()
            connection.execute(f"copy whole to '{path}.csv' (format csv, header)")


def deliver(shop: Shop, part: int) -> None:
    """Deliver an eighth of the events: lines before their headers, headers without lines, late returns and contacts."""
    for table in EVENTS:
        shop.write(f"{table}/{part}0.parquet", f"select * exclude part from {{held_{table}}} where part = {part}")


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Shop, dict[str, Outcome]]]:
    """A shop after several days, with what each run built and published."""
    root = tmp_path_factory.mktemp("changes")
    shop = Shop(Warehouse(root / "shop"))
    write_demo(shop.warehouse.landing, customers=60, seed=3, until=FIRST_DAY)
    shop.day(FIRST_DAY)
    hold_back(shop)
    assert shop.run() == "everything: there is no earlier build"
    outcomes = {}
    for step in (*CHANGES, moved_category):
        step(shop)
        outcomes[step.__name__] = compare(shop, root / step.__name__)
    yield shop, outcomes


def compare(shop: Shop, folder: Path) -> Outcome:
    """Run, beside a full build of the same landing, register and day in `folder`."""
    anew = shop.as_it_is(folder)
    built = shop.run()
    assert anew.run() == "everything: there is no earlier build"
    outcome = Outcome(built, shop.rows(), anew.rows())
    shutil.rmtree(folder)
    return outcome


def new_events(shop: Shop) -> None:
    """A new day: events of every kind, and events that say something else than before."""
    shop.day(FIRST_DAY + timedelta(days=1))
    deliver(shop, 6)
    (buyer, other), (purchase, another) = (
        names(shop, "customers", "customer_id"),
        names(shop, "purchases", "purchase_id"),
    )
    shop.write(
        "purchases/61.parquet",
        f"""
        select purchase_id, '{other}' as customer_id, '2025-06-30 10:00:00' as purchased_at, 'web' as channel
        from (values ('{purchase}'), ('{another}')) as again(purchase_id)
        union all select 'UNREADABLE', '{buyer}', '30/06/2025', 'web'
        """,
    )
    shop.write(
        "purchase_lines/61.parquet",
        """
        select purchase_id, line_number, product_id, '7' as quantity, unit_price
        from {purchase_lines} where line_number = '1' order by hash(purchase_id) limit 5
        """,
    )
    shop.write(
        "returns/61.parquet",
        f"""
        select return_id, '{purchase}' as purchase_id, '1' as line_number, '2025-06-30 11:00:00' as returned_at,
            '1' as quantity from {{returns}} order by hash(return_id) limit 2
        """,
    )
    shop.write(
        "web_events/61.parquet",
        f"""
        select event_id, '{other}' as customer_id, '2025-06-30 11:00:00' as occurred_at, 'search' as event_type,
            purchase_id from {{web_events}} order by purchase_id is null, hash(event_id) limit 9
        """,
    )


def names(shop: Shop, table: str, column: str, count: int = 2) -> list[str]:
    """Some identifiers, always the same."""
    query = (
        f"select distinct {column} from {{{table}}} where {column} is not null order by hash({column}) limit {count}"
    )
    return [name for (name,) in shop.sql(query)]


def requests_and_whole_tables(shop: Shop) -> None:
    """Requests of every scope, one of them for what has not arrived; changed customers, products and holds."""
    persons = names(shop, "customers", "customer_id", 6)
    folder = shop.warehouse.settings.register
    ((purchase,), (of_a_line,)) = shop.sql(
        "select distinct purchase_id from {purchase_lines} "
        "where purchase_id in (select purchase_id from {purchases}) order by hash(purchase_id) desc limit 2"
    )
    ((awaited,),) = shop.sql("select purchase_id from {held_purchases} where part = 7 order by all limit 1")
    ((customer, category),) = shop.sql(
        "select customer_id, category_id from {purchases} join {purchase_lines} using (purchase_id) "
        "join {products} using (product_id) where customer_id not in (?, ?) "
        "group by all order by count(*) desc, customer_id, category_id limit 1",
        *persons[:2],
    )
    for request in (
        register.new_request(channel="till", purchase=purchase),
        register.new_request(channel="till", purchase=of_a_line, line=1),
        register.new_request(channel="till", purchase=awaited),
        register.new_request(channel="web", customer=customer, category=category),
        register.new_request(channel="web", customer=persons[0]),
    ):
        register.add(folder, replace(request, requested_at="2025-06-30T10:00:00+00:00"))
    shop.write(
        "erasure_requests.csv",
        f"""
        select request_id, scope, customer_id, purchase_id, line_number, category_id, requested_at, channel,
            withdrawn_at
        from {{erasure_requests}}
        union all
        select 'LANDED', 'person', '{persons[1]}', null, null, null, '2025-06-29 10:00:00', 'web', null
        """,
    )
    tomorrow = FIRST_DAY + timedelta(days=5)
    shop.write(
        "customers.csv",
        f"""
        select * replace (
            if(customer_id = '{persons[2]}', '97400', postal_code) as postal_code,
            if(customer_id = '{persons[3]}', '{tomorrow}', birth_date) as birth_date
        )
        from {{customers}} where customer_id <> '{persons[4]}'
        union all by name
        select 'C-NEW' as customer_id, 'FR' as country, '2025-06-30 09:00:00' as created_at
        """,
    )
    # the product of most lines is in another category, another one is gone, and one is new
    shop.write(
        "products.csv",
        """
        with ranked as (
            select product_id, row_number() over (order by count(*) desc, product_id) as place
            from {purchase_lines} semi join {products} using (product_id) group by product_id
        )
        select products.* replace (
            case when place = 1 then (select category_id from {products} order by category_id limit 1)
            else category_id end as category_id
        )
        from {products} as products left join ranked using (product_id) where place is distinct from 2
        union all by name select 'P-NEW' as product_id, (select min(category_id) from {products}) as category_id
        """,
    )


def what_was_waited_for(shop: Shop) -> None:
    """What was held back arrives, also the purchase of the pending request; two requests are withdrawn; weeks pass."""
    shop.day(FIRST_DAY + timedelta(days=40))
    deliver(shop, 7)
    folder = shop.warehouse.settings.register
    for scope in ("category", "purchase_line"):
        path = next(path for path in sorted(folder.glob("R*.json")) if json.loads(path.read_text())["scope"] == scope)
        path.write_text(json.dumps(json.loads(path.read_text()) | {"withdrawn_at": "2025-07-01T10:00:00+00:00"}))
    shop.write(
        "erasure_requests.csv",
        """
        select * replace (if(request_id = 'LANDED', '2025-07-01 10:00:00', withdrawn_at) as withdrawn_at)
        from {erasure_requests}
        """,
    )


def expiry(shop: Shop) -> None:
    """Two years pass, and nothing else."""
    shop.day(FIRST_DAY + timedelta(days=770))


def moved_category(shop: Shop) -> None:
    """A category is below another one, and a customer has moved."""
    shop.write(
        "product_categories.csv",
        """
        select * replace (if(category_id = (select max(category_id) from {product_categories}), null,
            parent_category_id) as parent_category_id) from {product_categories}
        """,
    )


@contextmanager
def put_back(path: Path) -> Iterator[Path]:
    """Let a test change or remove a landing file."""
    content = path.read_bytes()
    try:
        yield path
    finally:
        path.write_bytes(content)


CHANGES = (new_events, requests_and_whole_tables, what_was_waited_for, expiry)


@pytest.mark.parametrize("step", CHANGES, ids=[step.__name__ for step in CHANGES])
def test_a_run_reads_only_the_changes(story: tuple[Shop, dict[str, Outcome]], step: Callable[[Shop], None]) -> None:
    assert story[1][step.__name__].built == "changes"


@pytest.mark.parametrize("step", (*CHANGES, moved_category), ids=lambda step: step.__name__)
def test_the_publications_are_those_of_a_full_build(
    story: tuple[Shop, dict[str, Outcome]], step: Callable[[Shop], None]
) -> None:
    outcome = story[1][step.__name__]
    assert set(outcome.published) == set(outcome.anew)
    for name, rows in outcome.anew.items():
        assert outcome.published[name] == rows, name


def test_a_change_that_cannot_be_followed_makes_the_run_build_everything(
    story: tuple[Shop, dict[str, Outcome]],
) -> None:
    built = story[1][moved_category.__name__].built
    assert built == "everything: a product category is new, gone or in another place"


def test_after_everything_was_built_the_next_run_reads_the_changes_and_a_removed_or_replaced_file_needs_everything(
    story: tuple[Shop, dict[str, Outcome]],
) -> None:
    shop, _ = story
    assert shop.plan().reason is None
    with put_back(shop.warehouse.landing / "web_events" / "60.parquet") as path:
        path.unlink()
        assert shop.plan().reason == "a file of web_events was replaced or removed"
    with put_back(shop.warehouse.landing / "returns" / "00.parquet") as path:
        path.write_bytes((path.parent / "01.parquet").read_bytes())
        assert shop.plan().reason == "a file of returns was replaced or removed"
    assert shop.plan().reason is None
