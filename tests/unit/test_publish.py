"""A publication is the old one or the new one, whole, without what was deleted, and opens alone."""

import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from bigtrust import publish
from bigtrust.errors import ConfigurationError

CANARY = "Quentin.Kanari.1234567890@example.org"
OLD_DUCKDB = Path(sys.prefix) / "duckdb-1.5" / "bin" / "python"

READ = """
import duckdb, json, sys
with duckdb.connect(sys.argv[1], read_only=True) as connection:
    connection.execute("set enable_external_access = false")
    print(json.dumps([duckdb.__version__, *(connection.execute(query).fetchall() for query in sys.argv[2:])]))
"""


def candidate(path: Path, *, rows: int = 1000, label: str = "old") -> Path:
    """A publication as dbt builds it: views in `marts` over tables in `protected`, both with comments."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute("set threads = 2")
        connection.execute(f"attach '{path}' as analytics")
        connection.execute(
            f"""
            create schema analytics.protected;
            create schema analytics.marts;
            create table analytics.protected.customers (
                person_pseudonym uuid not null, label varchar, net_amount decimal(18, 2), visible_until date not null
            );
            insert into analytics.protected.customers
            select uuid(), '{label}', i / 4, date '9999-01-01' from range({rows}) as numbers(i);
            create table analytics.protected.nobody (region varchar);
            create view "analytics"."marts"."customers" as (
                select person_pseudonym, label, net_amount
                from "analytics"."protected"."customers"
                where visible_until > cast(timezone('UTC', now()) as date)
            );
            comment on view analytics.marts.customers is 'People''s pseudonyms';
            comment on column analytics.marts.customers.net_amount is 'What was paid, in €';
            comment on column analytics.protected.customers.visible_until is 'First day of invisibility';
            """
        )
    return path


def read(path: Path, *queries: str, python: Path | str = sys.executable) -> list[Any]:
    """The answers of a process of its own that can open nothing else, after its DuckDB's version."""
    command = [str(python), "-c", READ, str(path), *queries]
    return list(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def labels(path: Path) -> list[Any]:
    return list(read(path, "select label, count(*) from marts.customers group by label")[1])


def refusal(source: Path, published: Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        publish.publish({published: source})
    assert caught.value.__suppress_context__
    return str(caught.value)


@pytest.mark.parametrize(("python", "version"), [(sys.executable, "2.0."), (OLD_DUCKDB, "1.5.")])
def test_a_publication_opens_alone_and_under_another_name(tmp_path: Path, python: Path | str, version: str) -> None:
    assert Path(python).exists(), "The environment with DuckDB 1.5 is missing: run `make test`."
    publish.publish(
        {tmp_path / "published" / "analytics.duckdb": candidate(tmp_path / "warehouse" / "analytics.duckdb")}
    )
    elsewhere = tmp_path / "elsewhere" / "my copy.duckdb"
    elsewhere.parent.mkdir()
    shutil.copy(tmp_path / "published" / "analytics.duckdb", elsewhere)
    shutil.rmtree(tmp_path / "warehouse")
    shutil.rmtree(tmp_path / "published")
    found, rows, views, columns = read(
        elsewhere,
        "select count(*), count(distinct person_pseudonym), cast(sum(net_amount) as varchar) from marts.customers",
        "select schema_name, view_name, comment from duckdb_views() where not internal",
        "select schema_name, table_name, column_name, comment from duckdb_columns() where comment is not null "
        "order by all",
        python=python,
    )
    assert found.startswith(version)
    assert rows == [[1000, 1000, "124875.00"]]
    assert views == [["marts", "customers", "People's pseudonyms"]]
    assert columns == [
        ["marts", "customers", "net_amount", "What was paid, in €"],
        ["protected", "customers", "visible_until", "First day of invisibility"],
    ]


def test_constraints_and_empty_tables_survive(tmp_path: Path) -> None:
    publish.publish({tmp_path / "published" / "analytics.duckdb": candidate(tmp_path / "analytics.duckdb")})
    _, columns, rows = read(
        tmp_path / "published" / "analytics.duckdb",
        "select column_name from duckdb_columns() where table_name = 'customers' and schema_name = 'protected' "
        "and not is_nullable order by all",
        "select count(*) from protected.nobody",
    )
    assert columns == [["person_pseudonym"], ["visible_until"]]
    assert rows == [[0]]


def test_the_bytes_of_deleted_rows_do_not_survive(tmp_path: Path) -> None:
    source = with_deleted_rows(tmp_path / "analytics.duckdb")
    published = tmp_path / "published" / "analytics.duckdb"
    publish.publish({published: source})
    assert CANARY.encode() not in published.read_bytes()
    assert labels(published) == [["old", 960]]


def test_rows_lie_in_the_order_of_their_columns_whatever_the_candidates_order(tmp_path: Path) -> None:
    rows = "select hash(i) % 500 as person, hash(i, 1) % 9 as amount from range(20000) as numbers(i)"
    contents = []
    for order in ("i", "i desc", "hash(i, 2)"):
        source = tmp_path / "analytics.duckdb"
        source.unlink(missing_ok=True)
        with duckdb.connect(str(source)) as connection:
            connection.execute(f"create schema protected; create table protected.sales as {rows} order by {order}")
        publish.publish({tmp_path / "published" / "analytics.duckdb": source})
        contents.append(read(tmp_path / "published" / "analytics.duckdb", "from protected.sales")[1])
    assert contents[0] == sorted(contents[0])
    assert contents[1:] == contents[:1] * 2


def with_deleted_rows(path: Path) -> Path:
    """A candidate with a view, in which deleted rows survive."""
    source = candidate(path)
    with duckdb.connect(str(source)) as connection:
        connection.execute("set force_compression = 'uncompressed'")
        connection.execute(f"update protected.customers set label = '{CANARY}' where net_amount < 10")
        connection.execute("checkpoint")
        connection.execute(f"delete from protected.customers where label = '{CANARY}'")
        connection.execute("checkpoint")
    assert CANARY.encode() in source.read_bytes(), "deleted bytes are no longer kept: the test tests nothing"
    return source


def test_a_compacted_database_holds_the_same_rows_and_no_byte_of_deleted_ones(tmp_path: Path) -> None:
    vault = with_deleted_rows(tmp_path / "vault.duckdb")
    vault.with_name("vault.duckdb.wal").touch()
    publish.compact(vault)
    assert CANARY.encode() not in vault.read_bytes()
    assert labels(vault) == [["old", 960]]
    assert names(tmp_path) == ["vault.duckdb"]


def test_a_candidate_takes_over_from_its_publication_without_a_byte_of_deleted_rows(tmp_path: Path) -> None:
    source = with_deleted_rows(tmp_path / "candidate" / "analytics.duckdb")
    source.with_name("analytics.duckdb.wal").touch()
    published = tmp_path / "published" / "analytics.duckdb"
    publish.publish({published: source})
    publish.replace(published, source)
    assert source.read_bytes() == published.read_bytes()
    assert CANARY.encode() not in source.read_bytes()
    assert names(source.parent) == names(published.parent) == ["analytics.duckdb"]
    with duckdb.connect(str(source)) as connection:  # the next build writes into it
        connection.execute("insert into protected.customers select uuid(), 'next', 1, date '9999-01-01'")
    assert labels(published) == [["old", 960]]


@pytest.mark.parametrize("failing", ["compact", "replace"])
def test_a_database_that_cannot_be_written_anew_is_left_as_it_is(tmp_path: Path, failing: str) -> None:
    database = candidate(tmp_path / "vault" / "vault.duckdb")
    before = database.read_bytes()
    with pytest.raises((OSError, duckdb.Error)):
        if failing == "compact":
            (tmp_path / "vault" / "vault.duckdb").write_bytes(before[: len(before) // 2])
            before = database.read_bytes()
            publish.compact(database)
        else:
            publish.replace(tmp_path / "nowhere.duckdb", database)
    assert database.read_bytes() == before
    assert names(database.parent) == ["vault.duckdb"]


@pytest.mark.parametrize("name", ["it's", "a[1]", "a*b", "a b", "été", "semi;colon"])
def test_a_publication_may_lie_anywhere(tmp_path: Path, name: str) -> None:
    source = tmp_path / name / "warehouse" / "analytics.duckdb"
    source.parent.mkdir(parents=True)
    shutil.move(candidate(tmp_path / "analytics.duckdb"), source)
    publish.publish({tmp_path / name / "analytics.duckdb": source})
    assert labels(tmp_path / name / "analytics.duckdb") == [["old", 1000]]


def test_whoever_may_enter_the_folder_may_read_a_publication(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        publish.publish({tmp_path / "published" / "analytics.duckdb": candidate(tmp_path / "analytics.duckdb")})
    finally:
        os.umask(before)
    assert (tmp_path / "published" / "analytics.duckdb").stat().st_mode & 0o777 == 0o644


def test_a_new_publication_takes_the_place_of_the_old_one_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    published = tmp_path / "published" / "analytics.duckdb"
    publish.publish({published: candidate(tmp_path / "old.duckdb")})
    publish.publish({published: candidate(tmp_path / "new.duckdb", label="new")})
    assert labels(published) == [["new", 1000]]
    assert names(published.parent) == ["analytics.duckdb"]


def test_readers_of_the_old_publication_keep_it(tmp_path: Path) -> None:
    published = tmp_path / "published" / "analytics.duckdb"
    publish.publish({published: candidate(tmp_path / "old.duckdb")})
    with duckdb.connect(str(published), read_only=True) as reader:
        publish.publish({published: candidate(tmp_path / "new.duckdb", label="new")})
        assert reader.execute("select distinct label from marts.customers").fetchall() == [("old",)]
        assert labels(published) == [["new", 1000]]


def test_publishing_one_leaves_the_others_alone(tmp_path: Path) -> None:
    folder = tmp_path / "published"
    for name in ("analytics", "analytics.copy", "insights"):
        publish.publish({folder / f"{name}.duckdb": candidate(tmp_path / f"{name}.duckdb")})
    (folder / ".insights.duckdb.0a1b2c3d").write_bytes(b"of a run that is still going on")
    publish.publish({folder / "analytics.duckdb": tmp_path / "analytics.duckdb"})
    assert names(folder) == [
        ".insights.duckdb.0a1b2c3d",
        "analytics.copy.duckdb",
        "analytics.duckdb",
        "insights.duckdb",
    ]


PUBLISH_FOREVER = """
import sys
from pathlib import Path
from bigtrust import publish
print("ready", flush=True)
while True:
    for source in sys.argv[2:]:
        publish.publish({Path(sys.argv[1]): Path(source)})
"""


def test_a_kill_at_any_moment_leaves_the_old_or_the_new_one_and_the_next_run_removes_the_rest(tmp_path: Path) -> None:
    published = tmp_path / "published" / "analytics.duckdb"
    sources = [candidate(tmp_path / f"{label}.duckdb", label=label, rows=100_000) for label in ("old", "new")]
    publish.publish({published: sources[0]})
    moments = random.Random(7)
    leftovers = 0
    for _ in range(8):
        command = [sys.executable, "-c", PUBLISH_FOREVER, str(published), *map(str, sources)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            time.sleep(moments.uniform(0, 0.25))
            process.kill()
        leftovers += len(names(published.parent)) - 1
        with duckdb.connect(str(published), read_only=True) as connection:
            found = connection.execute("select label, count(*) from marts.customers group by label").fetchall()
        assert found in ([("old", 100_000)], [("new", 100_000)])
        assert "analytics.duckdb.wal" not in names(published.parent)
    assert leftovers, "no kill fell into the writing of a copy: the test tests nothing"
    publish.publish({published: sources[1]})
    assert names(published.parent) == ["analytics.duckdb"]
    assert labels(published) == [["new", 100_000]]


FULL_DISK = """
import resource, sys
from pathlib import Path
from bigtrust import publish
from bigtrust.errors import ConfigurationError
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]),) * 2)
try:
    publish.publish({Path(sys.argv[2]): Path(sys.argv[1])})
except ConfigurationError as error:
    print(error)
"""


@pytest.mark.parametrize("limit", [8_000, 100_000, 500_000])
def test_a_disk_that_is_full_leaves_the_old_publication(tmp_path: Path, limit: int) -> None:
    """At the header, in the write-ahead log, and when the log is moved into the file."""
    published = tmp_path / "published" / "analytics.duckdb"
    publish.publish({published: candidate(tmp_path / "old.duckdb")})
    source = candidate(tmp_path / "new.duckdb", label="new")
    command = [sys.executable, "-c", FULL_DISK, str(source), str(published), str(limit)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"Publication {published} cannot be written" in done.stdout
    assert "the old publication is untouched" in done.stdout
    assert names(published.parent) == ["analytics.duckdb"]
    assert labels(published) == [["old", 1000]]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MB."""
    folder = tmp_path / "small_disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip("only root may mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_really_full_disk_leaves_the_old_publication(tmp_path: Path, small_disk: Path) -> None:
    published = small_disk / "analytics.duckdb"
    publish.publish({published: candidate(tmp_path / "old.duckdb")})
    source = candidate(tmp_path / "new.duckdb", label="new", rows=300_000)
    assert f"Publication {published} cannot be written" in refusal(source, published)
    assert names(small_disk) == ["analytics.duckdb"]
    assert labels(published) == [["old", 1000]]


@pytest.fixture
def read_only_folder(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A folder with an old publication into which nothing can be written."""
    folder = tmp_path / "read_only" if os.geteuid() else request.getfixturevalue("small_disk")
    folder.mkdir(exist_ok=True)
    publish.publish({folder / "analytics.duckdb": candidate(tmp_path / "old.duckdb")})
    if os.geteuid():
        folder.chmod(0o555)
    else:
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    yield folder
    if os.geteuid():
        folder.chmod(0o755)


def test_a_read_only_folder_leaves_the_old_publication(tmp_path: Path, read_only_folder: Path) -> None:
    published = read_only_folder / "analytics.duckdb"
    message = refusal(candidate(tmp_path / "new.duckdb", label="new"), published)
    assert f"Publication {published} cannot be written" in message
    assert "owner and mode" in message
    assert names(read_only_folder) == ["analytics.duckdb"]
    assert labels(published) == [["old", 1000]]


def test_a_file_in_the_place_of_the_folder_is_a_refusal(tmp_path: Path) -> None:
    (tmp_path / "published").write_text("")
    message = refusal(candidate(tmp_path / "new.duckdb"), tmp_path / "published" / "analytics.duckdb")
    assert "cannot be written" in message


def test_a_log_that_a_writer_left_beside_the_old_publication_is_not_replayed(tmp_path: Path) -> None:
    published = tmp_path / "published" / "analytics.duckdb"
    publish.publish({published: candidate(tmp_path / "one.duckdb")})
    script = "import duckdb, os, sys\nc = duckdb.connect(sys.argv[1])\nc.execute(sys.argv[2])\nos._exit(0)\n"
    write = "set checkpoint_threshold = '1GB'; create table marts.notes as select 'unchecked' as note"
    subprocess.run([sys.executable, "-c", script, published, write], check=True)
    assert published.with_name("analytics.duckdb.wal").exists()
    publish.publish({published: candidate(tmp_path / "two.duckdb", label="new")})
    assert not published.with_name("analytics.duckdb.wal").exists()
    with duckdb.connect(str(published), read_only=True) as connection:
        assert connection.execute("select 1 from duckdb_tables() where table_name = 'notes'").fetchall() == []


def test_a_link_in_the_place_of_a_publication_is_refused(tmp_path: Path) -> None:
    shared = candidate(tmp_path / "shared.duckdb")
    published = tmp_path / "published" / "analytics.duckdb"
    published.parent.mkdir()
    published.symlink_to(shared)
    with pytest.raises(ConfigurationError, match="is a link"):
        publish.publish({published: candidate(tmp_path / "new.duckdb")})
    assert published.is_symlink()
