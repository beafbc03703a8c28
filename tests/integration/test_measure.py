"""`bigtrust measure`: what attacks find, that they find what is planted for them, and that it stops when it must."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import duckdb
import pytest

from bigtrust import attacks, keys, lock, register, secret
from bigtrust.attacks import (
    attributes,
    cells,
    dictionary,
    differences,
    erased,
    forgotten,
    linkage,
    publications,
    unicity,
)
from bigtrust.attacks.measures import Measure
from bigtrust.errors import ConfigurationError
from warehouse import PUBLICATIONS, Warehouse, replace_in

pytestmark = pytest.mark.xdist_group("measure")


@dataclass(frozen=True)
class Measured:
    """A warehouse after `bigtrust measure`, and what it printed."""

    warehouse: Warehouse
    output: str

    @property
    def content(self) -> dict[str, Any]:
        """What was written."""
        content: dict[str, Any] = json.loads(self.warehouse.settings.reidentification.read_text(encoding="utf-8"))
        return content

    def figure(self, publication: str, measure: str) -> str:
        """The figure of the only measure that starts so."""
        (found,) = [m for m in self.content["publications"][publication] if m["measure"].startswith(measure)]
        return str(found["figure"])


@pytest.fixture(scope="module")
def measured(published: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Measured:
    """The demo warehouse, measured once."""
    warehouse = published.copy(tmp_path_factory.mktemp("measure") / "warehouse")
    result = warehouse.bigtrust("measure", "--sample", "100")
    assert result.exit_code == 0, result.output
    return Measured(warehouse, result.output)


# --- what is written and shown


def test_every_publication_has_measures_and_each_says_what_it_means(measured: Measured) -> None:
    content = measured.content
    assert set(content) == {"measured_at", "run", "sample", "seed", "publications"}
    assert (content["run"], content["sample"], content["seed"]) == (1, 100, 1)
    assert set(content["publications"]) == set(PUBLICATIONS)
    for measures in content["publications"].values():
        assert measures
        for measure in measures:
            assert set(measure) == {"measure", "figure", "meaning"}
            assert all(measure.values())
            assert measure["meaning"].endswith(".")
        assert len({measure["measure"] for measure in measures}) == len(measures)
    assert measured.warehouse.settings.reidentification.stat().st_mode & 0o777 == 0o600


def test_the_demo_data_is_singled_out_by_purchases_and_by_nothing_else(measured: Measured) -> None:
    exact = measured.figure("analytics", "Singled out by known purchases: day and product")
    assert re.fullmatch(r"1 known: [\d.]+ %; 2 known: [\d.]+ %; 3 known: 100 %; 4 known: 100 % \(.+\)", exact)
    for publication in ("analytics", "marketing"):
        assert measured.figure(publication, "Singled out by attributes").startswith("0 % of ")
        assert re.fullmatch(
            r"0 of 200 numbers found; with the secret, [1-9]\d*", measured.figure(publication, "Looked up in")
        )
        assert re.fullmatch(r"0 % of [1-9]\d* forgotten purchases", measured.figure(publication, erased.NAME))
    assert measured.figure("analytics", "Linked to marketing by pseudonym") == "0 shared pseudonyms"
    assert measured.figure("marketing", "Linked to analytics by pseudonym") == "0 shared pseudonyms"
    assert measured.figure("marketing", "Linked to analytics by birth").startswith("0 % of ")
    assert measured.figure("insights", "Persons behind a cell").endswith("; 0 % have fewer than 5")
    assert re.fullmatch(
        r"0 of [1-9]\d* cells differ",
        measured.figure("insights", f"{erased.NAME.split(',')[0]}, by comparing with analytics"),
    )
    assert measured.figure("finance", f"{erased.NAME.split(',')[0]}, by comparing with analytics").startswith(
        "100 % of "
    )


def test_the_page_shows_every_figure_with_its_meaning(measured: Measured) -> None:
    page = measured.warehouse.settings.summary.read_text(encoding="utf-8")
    assert "Not measured yet" not in page
    assert "on the publications of run 1" in page
    for measures in measured.content["publications"].values():
        for measure in measures:
            assert measure["figure"] in page
            assert measure["meaning"].split("'")[0].split('"')[0] in page


def test_it_says_how_far_it_is_and_where_to_look(measured: Measured) -> None:
    lines = measured.output.splitlines()
    phases = [line.split(" ", 1)[1] for line in lines if re.match(r"\d\d:\d\d:\d\d ", line)]
    assert phases == ["singling out", "linkage", "dictionary", "inference"]
    assert set(PUBLICATIONS) <= set(lines)
    assert f"What the figures mean: {measured.warehouse.settings.summary}" in lines


def test_no_number_and_no_pseudonym_is_written_or_printed(measured: Measured) -> None:
    numbers = dictionary.numbers(measured.warehouse.landing)
    text = json.dumps(measured.content) + measured.output
    assert not [number for some in numbers.values() for number in some if number in text]
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", text)
    assert "@" not in text


def test_the_publications_stay_as_they_are(measured: Measured, published: Warehouse) -> None:
    assert measured.warehouse.digests() == published.digests()


def test_the_same_seed_gives_the_same_figures_and_another_one_draws_others(measured: Measured) -> None:
    before = measured.content
    again = {}
    for seed in ("1", "2"):
        assert measured.warehouse.bigtrust("measure", "--sample", "100", "--seed", seed).exit_code == 0
        again[seed] = measured.content["publications"]
    measured.warehouse.settings.reidentification.write_text(json.dumps(before), encoding="utf-8")
    assert again["1"] == before["publications"]
    assert again["2"] != before["publications"]


# --- each attack finds what is planted for it


@contextmanager
def opened_by_the_judge(warehouse: Warehouse) -> Iterator[duckdb.DuckDBPyConnection]:
    """The publications, the vault, and what is forgotten."""
    with publications.opened(warehouse.settings, 1) as connection:
        publications.attach_vault(connection, warehouse.settings.vault)
        domain_keys = publications.published_keys(warehouse.settings, secret.load(warehouse.settings, {}))
        assert forgotten.prepare(connection, warehouse.settings, domain_keys) > 0
        yield connection


def change(warehouse: Warehouse, publication: str, query: str, *parameters: Any) -> None:
    """Change a published file."""
    with duckdb.connect(str(warehouse.root / "published" / f"{publication}.duckdb")) as connection:
        connection.execute(query, list(parameters))


def domain_keys(warehouse: Warehouse) -> dict[str, bytes]:
    """The key of each domain."""
    value = secret.load(warehouse.settings, {})
    return {domain: secret.domain_key(value, domain) for domain in secret.DOMAINS}


def a_forgotten_line(warehouse: Warehouse) -> dict[str, Any]:
    """A line of a purchase that is forgotten altogether, with what its pseudonyms were."""
    with opened_by_the_judge(warehouse) as connection:
        cursor = connection.execute(
            """
            select * from forgotten
            where
                is_landed
                and person_pseudonym is not null
                and category_id is not null
                and purchase_id not in (select purchase_id from kept_lines)
                and (person_pseudonym, purchased_on) not in (select (person_pseudonym, purchased_on) from kept_lines)
                and purchased_on > (select min(purchased_on) + interval 100 day from analytics.marts.purchases)
            order by purchase_id
            limit 1
            """
        )
        (row,) = cursor.fetchall()
        return dict(zip([column[0] for column in cursor.description or []], row, strict=True))


def test_the_dictionary_finds_a_pseudonym_that_was_made_without_a_key(warehouse: Warehouse) -> None:
    numbers = {kind: values[:50] for kind, values in dictionary.numbers(warehouse.landing).items()}
    unkeyed = uuid.UUID(bytes=dictionary.digest("sha256", numbers["person"][7].encode())[:16])
    change(
        warehouse, "marketing", "update protected.audience_members set person_pseudonym = ? where rowid = 0", unkeyed
    )
    columns = dictionary.published(warehouse.settings.published)
    found = dictionary.look_up(columns, numbers, domain_keys(warehouse))
    assert {name: looked_up.found for name, looked_up in found.items()} == dict.fromkeys(PUBLICATIONS, 0) | {
        "marketing": 1
    }
    assert "Found without any secret: 1 number." in dictionary.measure(found["marketing"]).meaning


def test_linkage_finds_a_pseudonym_of_analytics_in_marketing(warehouse: Warehouse) -> None:
    ((pseudonym,),) = warehouse.query("analytics", "select min(person_pseudonym) from marts.customers")
    change(
        warehouse, "marketing", "update protected.audience_members set person_pseudonym = ? where rowid = 0", pseudonym
    )
    with opened_by_the_judge(warehouse) as connection:
        for pair in (("analytics", "marketing"), ("marketing", "analytics")):
            assert linkage.shared_pseudonyms(connection, *pair) == 1
            assert linkage.measures(connection, *pair)[0].figure == "1 shared pseudonym"


def test_linkage_finds_a_person_who_is_rare_in_both_and_the_vault_says_that_it_is_right(warehouse: Warehouse) -> None:
    ((analytics, marketing),) = warehouse.vault(
        """
        select one.person_pseudonym, other.person_pseudonym
        from restricted.customer_attributes as known
        inner join restricted.person_pseudonyms as one using (person_pseudonym)
        inner join restricted.marketing_person_pseudonyms as other on one.customer_id = other.customer_id
        order by all limit 1
        """
    )
    change(
        warehouse, "analytics", "update protected.customers set region = 'rare' where person_pseudonym = ?", analytics
    )
    ((decade, country, language),) = warehouse.query(
        "analytics", "select birth_decade, country, language from marts.customers where region = 'rare'"
    )
    change(
        warehouse,
        "marketing",
        """
        update protected.audience_members
        set region = 'rare', birth_decade = ?, country = ?, language = ?
        where person_pseudonym = ?
        """,
        *(decade, country, language, marketing),
    )
    with opened_by_the_judge(warehouse) as connection:
        columns = ['"birth_decade"', '"region"', '"country"', '"language"']
        truth = linkage.write_truth(connection, "marketing", "analytics")
        relations = attributes.PERSONS["marketing"], attributes.PERSONS["analytics"]
        assert linkage.links(connection, *relations, columns).linked == 1
        assert linkage.links(connection, *relations, columns, truth).right == 1
        assert attributes.alike(connection, attributes.PERSONS["analytics"], columns).unique == 1


def plant_line(warehouse: Warehouse, line: dict[str, Any], purchase: uuid.UUID, person: uuid.UUID | None) -> None:
    """Put a line into analytics."""
    change(
        warehouse,
        "analytics",
        """
        insert into protected.purchase_lines by name
        select ? as purchase_pseudonym, ? as person_pseudonym, ? as category_id, ? as purchased_on, 'p' as product_id,
            'web' as channel, 1 as quantity, 10 as unit_price, 0 as discount_amount, 10 as net_amount,
            0 as returned_quantity, date '2999-01-01' as returned_until, date '2999-01-01' as visible_until
        """,
        *(purchase, person, line["category_id"], line["purchased_on"]),
    )


def plant_by_purchase(warehouse: Warehouse, line: dict[str, Any]) -> None:
    """Its line is there, as that of an anonymous sale."""
    plant_line(warehouse, line, line["analytics_purchase"], None)


def plant_by_person(warehouse: Warehouse, line: dict[str, Any]) -> None:
    """Its line is there, under another pseudonym."""
    plant_line(warehouse, line, uuid.UUID(int=1), line["person_pseudonym"])


def plant_return(warehouse: Warehouse, line: dict[str, Any]) -> None:
    """Its return is there."""
    change(
        warehouse,
        "analytics",
        """
        insert into protected.returns by name
        select ? as purchase_pseudonym, ? as category_id, date '2999-01-01' as visible_until
        """,
        *(line["analytics_purchase"], line["category_id"]),
    )


def plant_contact(warehouse: Warehouse, line: dict[str, Any]) -> None:
    """A visit to its category is there, some days before."""
    change(
        warehouse,
        "analytics",
        """
        insert into protected.touchpoints by name
        select ? as person_pseudonym, ? as occurred_on, ? as category_id, 'product_view' as touchpoint,
            'web' as channel, 'none' as outcome, date '2999-01-01' as visible_until
        """,
        *(line["person_pseudonym"], line["purchased_on"] - timedelta(days=5), line["category_id"]),
    )


@pytest.mark.parametrize("plant", [plant_by_purchase, plant_by_person, plant_return, plant_contact])
def test_a_trace_of_an_erased_purchase_is_found(
    warehouse: Warehouse, plant: Callable[[Warehouse, dict[str, Any]], None]
) -> None:
    line = a_forgotten_line(warehouse)
    plant(warehouse, line)
    with opened_by_the_judge(warehouse) as connection:
        found = erased.looked_up(connection, "analytics")
        assert found.shown >= 1  # a contact may be about several forgotten purchases
        if plant is not plant_contact:
            assert found.shown == 1
        assert erased.looked_up(connection, "marketing").shown == 0
    assert "The file shows something of" in erased.said(found).meaning


def test_an_erased_purchase_of_another_person_is_no_trace(warehouse: Warehouse) -> None:
    line = a_forgotten_line(warehouse)
    plant_line(warehouse, line, uuid.UUID(int=1), uuid.UUID(int=2))
    with opened_by_the_judge(warehouse) as connection:
        assert erased.looked_up(connection, "analytics").shown == 0


def test_an_erased_purchase_that_marketing_names_is_found(warehouse: Warehouse) -> None:
    line = a_forgotten_line(warehouse)
    change(
        warehouse,
        "marketing",
        "create table marts.last_bought as select ?::uuid as reference",
        line["marketing_purchase"],
    )
    with opened_by_the_judge(warehouse) as connection:
        assert erased.looked_up(connection, "marketing").shown == 1


def test_insights_that_count_an_erased_purchase_differ_from_analytics(warehouse: Warehouse) -> None:
    line = a_forgotten_line(warehouse)
    month = line["purchased_on"].replace(day=1)
    change(
        warehouse,
        "insights",
        """
        insert into protected.sales_by_category_month by name
        select ? as sold_month, ? as category_id, 'x' as category_name, 1 as purchase_count, 1 as quantity,
            10 as net_amount, date '2999-01-01' as visible_until
        where not exists (select 1 from protected.sales_by_category_month where sold_month = ? and category_id = ?)
        """,
        *(month, line["category_id"]) * 2,
    )
    change(
        warehouse,
        "insights",
        "update protected.sales_by_category_month set purchase_count = 1000 where sold_month = ? and category_id = ?",
        *(month, line["category_id"]),
    )
    with opened_by_the_judge(warehouse) as connection:
        found = differences.insights_and_analytics(connection)
        assert found.differing == 1
        assert found.betrayed >= 1
    assert "Both files should forget the same, but differ in 1 cell." in differences.against_analytics(found).meaning


def test_finance_that_forgets_too_betrays_nothing(warehouse: Warehouse) -> None:
    """The difference is the attack: where there is none, it finds nothing."""
    with opened_by_the_judge(warehouse) as connection:
        found = differences.finance_and_analytics(connection)
        assert found.betrayed == found.purchases > 0
        assert 0 < found.alone <= found.purchases
        assert found.differing < found.cells / 2
    totals = warehouse.query(
        "analytics",
        "select purchased_on, channel, count(*), sum(line_count), sum(net_amount) from marts.purchases group by 1, 2",
    )
    change(warehouse, "finance", "delete from protected.daily_totals")
    with duckdb.connect(str(warehouse.root / "published" / "finance.duckdb")) as connection:
        connection.executemany(
            """
            insert into protected.daily_totals by name
            select ? as sold_on, ? as channel, ? as purchase_count, ? as line_count, ? as net_amount,
                'none' as store_id, date '2999-01-01' as visible_until
            """,
            totals,
        )
    with opened_by_the_judge(warehouse) as connection:
        found = differences.finance_and_analytics(connection)
        assert (found.differing, found.betrayed) == (0, 0)


def test_a_cell_of_nobody_is_counted_as_small(warehouse: Warehouse) -> None:
    change(warehouse, "insights", "update protected.sales_by_region_month set region = 'nowhere' where rowid = 0")
    with opened_by_the_judge(warehouse) as connection:
        found = cells.persons_behind_insights(connection, 5)
        assert (found.small, found.smallest) == (1, 0)
    assert "Of fewer than 5 people: 1 cell." in cells.insights(found, 5).meaning


def test_every_publication_with_persons_is_measured_by_attributes_and_linkage(published: Warehouse) -> None:
    with_persons = {
        name
        for name in PUBLICATIONS
        if published.query(name, "select 1 from duckdb_columns() where column_name = 'person_pseudonym'")
    }
    assert with_persons == set(linkage.MAPS) == set(secret.DOMAINS)
    # after-sales knows nothing of a person but what they bought and asked
    assert with_persons - {"service"} == set(attributes.PERSONS)
    assert with_persons - {"marketing"} == set(unicity.RESOLUTIONS)


def test_without_maps_in_the_vault_links_are_counted_and_not_judged(warehouse: Warehouse) -> None:
    with duckdb.connect(str(warehouse.settings.vault)) as connection:
        connection.execute("drop table restricted.marketing_person_pseudonyms")
    with publications.opened(warehouse.settings, 1) as connection:
        publications.attach_vault(connection, warehouse.settings.vault)
        shared, linked = linkage.measures(connection, "marketing", "analytics")
    assert shared.figure == "0 shared pseudonyms"
    assert "cannot be judged" in linked.meaning


def test_where_nobody_asked_to_forget_anything_it_says_so(warehouse: Warehouse) -> None:
    (warehouse.settings.register / register.FORGOTTEN_LINES).unlink()
    result = warehouse.bigtrust("measure", "--sample", "20")
    assert result.exit_code == 0, result.output
    found = json.loads(warehouse.settings.reidentification.read_text(encoding="utf-8"))["publications"]
    for measures in found.values():
        assert Measure(**measures[-1]) == attacks.NOBODY_ASKED


def test_a_rotation_that_waits_for_a_run_does_not_mislead_the_judge(warehouse: Warehouse) -> None:
    keys.rotate(warehouse.settings, "analytics")
    with opened_by_the_judge(warehouse) as connection:
        ((known,),) = connection.execute(
            "select count(*) from kept_lines where purchase_pseudonym in "
            "(select purchase_pseudonym from analytics.marts.purchases)"
        ).fetchall()
        assert known > 0


# --- it stops when it must


def remove_everything(warehouse: Warehouse) -> None:
    """No run has been made."""
    for path in warehouse.settings.published.glob("*.duckdb"):
        path.unlink()


def lose_a_publication(warehouse: Warehouse) -> None:
    (warehouse.settings.published / "marketing.duckdb").unlink()


def damage_a_publication(warehouse: Warehouse) -> None:
    path = warehouse.settings.published / "insights.duckdb"
    path.write_bytes(b"no database" + path.read_bytes()[:5000])


def take_a_file_of_another_run(warehouse: Warehouse) -> None:
    change(warehouse, "finance", "update protected.about set value = '7' where fact = 'run'")


def take_another_database(warehouse: Warehouse) -> None:
    path = warehouse.settings.published / "finance.duckdb"
    path.unlink()
    duckdb.connect(str(path)).close()


def lose_the_secret(warehouse: Warehouse) -> None:
    warehouse.settings.secret_file.unlink()


def change_the_secret(warehouse: Warehouse) -> None:
    warehouse.settings.secret_file.write_text("ab" * 32, encoding="ascii")


def lose_the_vault(warehouse: Warehouse) -> None:
    warehouse.settings.vault.unlink()


def damage_the_vault(warehouse: Warehouse) -> None:
    warehouse.settings.vault.write_bytes(b"no database")


def empty_landing(warehouse: Warehouse) -> None:
    for path in warehouse.landing.iterdir():
        path.rename(warehouse.root / path.name)


def refuse_the_last_run(warehouse: Warehouse) -> None:
    record = warehouse.settings.runs / "000001.json"
    replace_in(record, '"verdict": "published"', '"verdict": "refused"')


STOPS = [
    (remove_everything, 2, "Nothing is published in "),
    (lose_a_publication, 2, "The publication marketing is missing."),
    (damage_a_publication, 2, "insights.duckdb cannot be read"),
    (take_another_database, 2, "finance.duckdb cannot be read"),
    (take_a_file_of_another_run, 2, "The publication finance is not of run 1"),
    (lose_the_secret, 2, "Restore the secret from your backup"),
    (change_the_secret, 2, "it is not the one that made the pseudonyms"),
    (lose_the_vault, 2, "is not the one that the publications were made in"),
    (damage_the_vault, 2, "cannot be read. Close programs that have it open"),
    (empty_landing, 3, "holds no landing file"),
    (refuse_the_last_run, 2, "The last run (1) did not publish."),
]


@pytest.mark.parametrize(("spoil", "code", "says"), STOPS, ids=lambda value: getattr(value, "__name__", ""))
def test_it_stops_with_one_sentence_and_writes_nothing(
    warehouse: Warehouse, spoil: Callable[[Warehouse], None], code: int, says: str
) -> None:
    spoil(warehouse)
    result = warehouse.bigtrust("measure", "--sample", "10")
    assert result.exit_code == code, result.output
    assert says in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not warehouse.settings.reidentification.exists()


def test_landing_of_another_shop_is_noticed(warehouse: Warehouse) -> None:
    empty_landing(warehouse)
    assert warehouse.bigtrust("demo", "--customers", "20", "--seed", "5").exit_code == 0
    for path in warehouse.landing.glob("*.csv"):
        path.write_text(re.sub(r"\b([A-Z])-?(?=\d)", r"Z\1", path.read_text(encoding="utf-8")), encoding="utf-8")
    result = warehouse.bigtrust("measure", "--sample", "10")
    assert result.exit_code == 3, result.output
    assert "they were made from other files" in result.stderr


def test_it_waits_for_no_run(warehouse: Warehouse) -> None:
    with lock.exclusive(warehouse.settings.warehouse):
        result = warehouse.bigtrust("measure")
    assert result.exit_code == 4
    assert "holds the lock" in result.stderr


def test_a_disk_that_refuses_leaves_the_old_figures(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    warehouse.settings.reidentification.write_text("old", encoding="utf-8")

    def refuse(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(attacks, "write_durably", refuse)
    result = warehouse.bigtrust("measure", "--sample", "10")
    assert result.exit_code == 2
    assert "No space left on device" in result.stderr
    assert warehouse.settings.reidentification.read_text(encoding="utf-8") == "old"


@pytest.mark.parametrize("arguments", [("--sample", "0"), ("--sample", "many"), ("--seed", "x")])
def test_wrong_usage_is_said(warehouse: Warehouse, arguments: tuple[str, ...]) -> None:
    assert warehouse.bigtrust("measure", *arguments).exit_code == 2


def test_opening_raises_what_the_command_shows(warehouse: Warehouse) -> None:
    with pytest.raises(ConfigurationError, match="not of run 2"), publications.opened(warehouse.settings, 2):
        pass
