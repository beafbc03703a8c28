"""A rotation changes every pseudonym of one domain in one run, and nothing else; the old ones are nowhere any more."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ahocorasick_rs
import duckdb
import pytest

from bigtrust import keys, secret
from bigtrust.attacks import dictionary as attacker
from warehouse import Warehouse

pytestmark = pytest.mark.xdist_group("rotation")

Rows = dict[str, Counter[tuple[Any, ...]]]


@dataclass(frozen=True)
class Story:
    """A published warehouse, before and after `bigtrust keys rotate --domain analytics` and a run."""

    before: Warehouse
    after: Warehouse
    waiting: str

    def names(self, warehouse: Warehouse) -> dict[uuid.UUID, str]:
        """Whose pseudonym it is, for every customer and purchase number, in every domain, as `domain kind number`."""
        value = secret.load(warehouse.settings, {})
        return {
            attacker.pseudonym(secret.domain_key(value, domain, version), kind, number): f"{domain} {kind} {number}"
            for domain, version in keys.versions(warehouse.settings).items()
            for kind, numbers in attacker.numbers(warehouse.landing).items()
            for number in numbers
        }

    def pseudonyms(self, warehouse: Warehouse, publication: str) -> set[uuid.UUID]:
        """Every pseudonym of persons and purchases in a publication."""
        columns = attacker.published(warehouse.root / "published")
        return {
            value
            for name, values in columns.items()
            if name.startswith(f"{publication}.") and name.endswith(("person_pseudonym", "purchase_pseudonym"))
            for value in values
        }


def rows(warehouse: Warehouse, publication: str, names: dict[uuid.UUID, str]) -> Rows:
    """The rows of every relation of a publication, `about` aside, with names in the place of known UUIDs."""
    with duckdb.connect(str(warehouse.root / "published" / f"{publication}.duckdb"), read_only=True) as connection:
        relations = connection.execute(
            "select distinct schema_name, table_name from duckdb_columns() where not internal and table_name <> 'about'"
        ).fetchall()
        return {
            f"{schema}.{relation}": Counter(
                tuple(names.get(value, "key of a row") if isinstance(value, uuid.UUID) else value for value in row)
                for row in connection.execute(f"from {schema}.{relation}").fetchall()
            )
            for schema, relation in relations
        }


def in_bytes(pseudonyms: set[uuid.UUID]) -> set[bytes]:
    """How files hold pseudonyms: as DuckDB stores them, as bytes, as text."""
    return {
        form
        for value in pseudonyms
        for form in (
            (value.int ^ 1 << 127).to_bytes(16, "little"),
            value.bytes,
            value.bytes[::-1],
            value.hex.encode(),
            str(value).encode(),
        )
    }


def files(warehouse: Warehouse) -> Iterator[Path]:
    """Every file that a run leaves behind."""
    for name in ("published", "warehouse", "register", "site", "ledger"):
        yield from (path for path in (warehouse.root / name).rglob("*") if path.is_file())


def occurrences(warehouse: Warehouse, pseudonyms: set[uuid.UUID]) -> dict[str, int]:
    """How many of the pseudonyms are in the bytes of each file that holds any."""
    search = ahocorasick_rs.BytesAhoCorasick(sorted(in_bytes(pseudonyms)))
    found = {}
    for path in files(warehouse):
        if matches := search.find_matches_as_indexes(path.read_bytes()):
            found[str(path.relative_to(warehouse.root))] = len({pattern for pattern, _, _ in matches})
    return found


@pytest.fixture(scope="module")
def story(published: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Story:
    after = published.copy(tmp_path_factory.mktemp("rotation") / "after")
    digests = after.digests()
    result = after.bigtrust("keys", "rotate", "--domain", "analytics")
    assert result.exit_code == 0, result.output
    assert after.digests() == digests
    waiting = after.bigtrust("keys", "list").output
    after.run()
    return Story(published, after, waiting)


def test_until_the_next_run_the_list_says_that_the_old_version_is_published(story: Story) -> None:
    assert "analytics: key version 2" in story.waiting
    assert "until the next run, the publication has version 1." in story.waiting
    afterwards = story.after.bigtrust("keys", "list").output
    assert "analytics: key version 2" in afterwards
    assert "until the next run" not in afterwards


def test_every_pseudonym_of_the_domain_changes(story: Story) -> None:
    old, new = (story.pseudonyms(warehouse, "analytics") for warehouse in (story.before, story.after))
    assert len(old) == len(new) > 1000
    assert old.isdisjoint(new)
    names = story.names(story.after)
    assert {names[value].split()[0] for value in new} == {"analytics"}


def test_old_pseudonyms_are_in_no_file_any_more(story: Story) -> None:
    old, new = (story.pseudonyms(warehouse, "analytics") for warehouse in (story.before, story.after))
    # the search works: it finds every new one, in the publication, the candidate and the vault
    found = occurrences(story.after, new)
    places = ("published/analytics.duckdb", "warehouse/candidate/analytics.duckdb", "warehouse/vault.duckdb")
    assert [found[place] for place in places] == [len(new)] * 3
    assert occurrences(story.before, old).keys() == found.keys()
    assert occurrences(story.after, old) == {}


def test_the_same_rows_belong_to_the_same_persons_and_purchases(story: Story) -> None:
    before, after = (rows(warehouse, "analytics", story.names(warehouse)) for warehouse in (story.before, story.after))
    assert before.keys() == after.keys()
    assert {name: sum(counts.values()) for name, counts in before.items()} == {
        name: sum(counts.values()) for name, counts in after.items()
    }
    for name in before:
        assert before[name] == after[name], name


def test_marts_still_join(story: Story) -> None:
    joined = """
        select count(*), count(distinct customers.person_pseudonym), count(distinct purchases.purchase_pseudonym)
        from marts.purchase_lines
        join marts.purchases using (purchase_pseudonym, person_pseudonym)
        join marts.customers using (person_pseudonym)
    """
    before, after = (warehouse.query("analytics", joined) for warehouse in (story.before, story.after))
    assert before == after
    assert min(before[0]) > 50


def test_other_publications_stay_as_they_are(story: Story) -> None:
    publications = {name.split(".")[0] for name in attacker.published(story.after.root / "published")}
    for publication in publications - {"analytics", "governance"}:
        before, after = (rows(warehouse, publication, {}) for warehouse in (story.before, story.after))
        assert before == after
        old, new = (story.pseudonyms(warehouse, publication) for warehouse in (story.before, story.after))
        assert old == new


def test_the_publication_tells_its_key_version(story: Story) -> None:
    query = "select value from marts.about where fact = 'key_version'"
    assert [warehouse.query("analytics", query) for warehouse in (story.before, story.after)] == [[("1",)], [("2",)]]
    assert story.after.query("insights", query) == []


def test_what_the_secret_gives_under_any_version_is_in_no_file(story: Story) -> None:
    value = secret.load(story.after.settings, {})
    made = [secret.domain_key(value, domain, version) for domain in secret.DOMAINS for version in (1, 2)]
    forms = [form for key in made for form in (key, *secret.pads(key))]
    forms += [form.hex().encode() for form in forms]
    for path in files(story.after):
        content = path.read_bytes()
        assert not any(form in content for form in forms), path


@pytest.mark.parametrize("lost", ["the rotation", "the rotation, with a new warehouse folder"])
def test_old_pseudonyms_do_not_come_back_when_the_rotation_is_lost(story: Story, tmp_path: Path, lost: str) -> None:
    warehouse = story.after.copy(tmp_path / "lost")
    (warehouse.root / "register" / "key_rotations" / "analytics.2.json").unlink()
    if lost != "the rotation":
        warehouse.variables["BIGTRUST_WAREHOUSE"] = str(tmp_path / "new")
    vault = warehouse.root / "warehouse" / "vault.duckdb"
    digests, content = warehouse.digests(), vault.read_bytes()
    result = warehouse.bigtrust("run", "--full-refresh")
    assert result.exit_code == 2, result.output
    assert "A key rotation of the domain analytics is lost from" in result.stderr
    assert warehouse.digests() == digests
    assert vault.read_bytes() == content


def test_a_run_killed_after_a_rotation_leaves_the_old_pseudonyms_and_the_next_one_changes_all(
    story: Story, tmp_path: Path
) -> None:
    """Nobody ever sees some old and some new ones, and what the killed run had built is not taken for finished."""
    warehouse = story.before.copy(tmp_path / "killed")
    digests = warehouse.digests()
    assert warehouse.bigtrust("keys", "rotate", "--domain", "analytics").exit_code == 0
    command = [sys.executable, "-m", "bigtrust.cli", "run"]
    process = subprocess.Popen(command, env=os.environ | warehouse.environment, stdout=subprocess.PIPE)
    time.sleep(9.0)  # in the build
    assert process.poll() is None, "the run ended before it was killed"
    process.kill()
    process.wait()
    assert warehouse.digests() == digests

    warehouse.run_unchecked()

    assert story.pseudonyms(warehouse, "analytics") == story.pseudonyms(story.after, "analytics")
    assert occurrences(warehouse, story.pseudonyms(story.before, "analytics")) == {}
