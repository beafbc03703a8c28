"""A restore brings everything back but what was forgotten. docs/scheduling.md tells operators the same steps."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from warehouse import Warehouse

pytestmark = pytest.mark.xdist_group("restore")

MARTS = {
    "purchase_pseudonym": ("purchases", "purchase_lines", "returns"),
    "person_pseudonym": ("customers", "purchases", "purchase_lines", "returns", "touchpoints"),
}


@dataclass(frozen=True)
class Story:
    """A purchase and a person were forgotten after a backup. `old` is as it was before, `now` as it is."""

    old: Warehouse
    now: Warehouse
    forgotten: dict[str, set[str]]
    pseudonyms: dict[str, str]

    def published_rows(self, warehouse: Warehouse) -> int:
        """How many published rows, of marts and of what is below them, carry a forgotten pseudonym."""
        return sum(
            warehouse.query(
                "analytics",
                f"select count(*) from {schema}.{mart} where list_contains(?, cast({column} as varchar))",
                sorted(self.forgotten[column]),
            )[0][0]
            for column, marts in MARTS.items()
            for mart in marts
            for schema in ("marts", "protected")
        )

    def require_nothing_forgotten_came_back(self, warehouse: Warehouse) -> None:
        """Fail if a forgotten pseudonym is published, or if anybody has another pseudonym than before."""
        assert self.published_rows(warehouse) == 0
        after = pseudonyms(warehouse)
        gone = self.forgotten["purchase_pseudonym"] | self.forgotten["person_pseudonym"]
        assert after == {key: pseudonym for key, pseudonym in self.pseudonyms.items() if pseudonym not in gone}


def pseudonyms(warehouse: Warehouse) -> dict[str, str]:
    """The pseudonym maps of the vault."""
    return dict(
        warehouse.vault(
            """
            select 'person ' || customer_id, cast(person_pseudonym as varchar) from restricted.person_pseudonyms
            union all
            select 'purchase ' || purchase_id, cast(purchase_pseudonym as varchar) from restricted.purchase_pseudonyms
            """
        )
    )


def replace(target: Path, source: Path) -> None:
    """Put a copy of the folder `source` in the place of `target`."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)


def source_deletes(warehouse: Warehouse, purchase: str) -> None:
    """The source system deletes a purchase, too, so that only an old backup of landing still has it."""
    deleted = 0
    for path in sorted((warehouse.landing / "purchases").glob("*.parquet")):
        with duckdb.connect() as connection:
            connection.execute("create table purchases as from read_parquet(?)", [str(path)])
            deleted += connection.execute("delete from purchases where purchase_id = ?", [purchase]).fetchall()[0][0]
            connection.execute(f"copy purchases to '{path}' (format parquet)")
    assert deleted


@pytest.fixture(scope="module")
def story(published: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Story:
    """A demo warehouse, a backup of it, then two requests and a run."""
    root = tmp_path_factory.mktemp("restore")
    old, now = published.copy(root / "backup"), published.copy(root / "now")
    ((customer, purchase),) = now.vault(
        """
        with
            returned as (select purchase_id from staging.stg_returns),
            purchases as (
                select purchase_id, customer_id, purchased_on, purchase_id in (from returned) as is_returned
                from staging.stg_purchases
                inner join restricted.purchase_pseudonyms using (purchase_id)
            )
        select person.customer_id, min(other.purchase_id)
        from purchases as person, purchases as other
        where person.customer_id in (select customer_id from staging.stg_web_events)
            and person.customer_id in (select customer_id from purchases where is_returned)
            and other.customer_id <> person.customer_id
            and other.is_returned
            and person.purchased_on > current_date - 300 and other.purchased_on > current_date - 300
        group by person.customer_id order by person.customer_id limit 1
        """
    )
    before = pseudonyms(now)
    of_the_person = now.vault(
        "select purchase_id from staging.stg_purchases inner join restricted.purchase_pseudonyms using (purchase_id) "
        "where customer_id = ?",
        customer,
    )
    story = Story(
        old=old,
        now=now,
        forgotten={
            "person_pseudonym": {before[f"person {customer}"]},
            "purchase_pseudonym": {before[f"purchase {name}"] for (name,) in [*of_the_person, (purchase,)]},
        },
        pseudonyms=before,
    )
    assert story.published_rows(now) > 0
    for asked in (("--purchase", purchase, "--channel", "till"), ("--customer", customer, "--channel", "web")):
        assert now.bigtrust("forget", *asked).exit_code == 0
    now.run_unchecked()
    story.require_nothing_forgotten_came_back(now)
    source_deletes(now, purchase)
    return story


def test_a_lost_warehouse_is_rebuilt_from_an_old_landing_backup_without_what_was_forgotten(
    story: Story, tmp_path: Path
) -> None:
    restored = story.now.copy(tmp_path / "restored")
    for lost in ("warehouse", "published"):
        shutil.rmtree(restored.root / lost)
    replace(restored.landing, story.old.landing)
    replace(restored.root / "secrets", story.old.root / "secrets")

    restored.run()

    story.require_nothing_forgotten_came_back(restored)
    assert restored.bigtrust("status").exit_code == 0


def test_old_copies_of_the_databases_resurrect_nothing_once_a_run_has_published(story: Story, tmp_path: Path) -> None:
    restored = story.now.copy(tmp_path / "restored")
    for name in ("warehouse", "published", "landing"):
        replace(restored.root / name, story.old.root / name)
    assert story.published_rows(restored) > 0  # so a run must follow at once, as the guide says

    restored.run_unchecked()

    story.require_nothing_forgotten_came_back(restored)


def test_another_machine_needs_only_landing_the_register_and_the_secret(story: Story, tmp_path: Path) -> None:
    moved = Warehouse(tmp_path / "moved")
    for name in ("landing", "secrets"):
        replace(moved.root / name, story.old.root / name)
    replace(moved.root / "register", story.now.root / "register")

    moved.run_unchecked()

    story.require_nothing_forgotten_came_back(moved)


@pytest.mark.parametrize("lost", [(), ("warehouse",), ("warehouse", "published")])
def test_a_restore_without_the_secret_stops_and_says_what_to_restore(
    story: Story, tmp_path: Path, lost: tuple[str, ...]
) -> None:
    restored = story.now.copy(tmp_path / "restored")
    for name in lost:
        shutil.rmtree(restored.root / name)
    restored.settings.secret_file.unlink()
    before = restored.digests()

    result = restored.bigtrust("run")

    assert result.exit_code == 2, result.output
    assert "Restore the secret from your backup: a new one would change every pseudonym." in result.stderr
    assert not restored.settings.secret_file.exists()
    assert restored.digests() == before


def test_a_restore_without_the_ledger_s_key_stops_and_says_what_to_restore(story: Story, tmp_path: Path) -> None:
    restored = story.now.copy(tmp_path / "restored")
    restored.settings.ledger_key.unlink()
    before = restored.digests()

    result = restored.bigtrust("run")

    assert result.exit_code == 2, result.output
    assert (
        "Restore the key from your backup: nobody could tell from whom a ledger with another key comes."
        in result.stderr
    )
    assert not restored.settings.ledger_key.exists()
    assert restored.digests() == before
