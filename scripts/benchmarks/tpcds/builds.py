"""The three builds that are compared, each in a process of its own and a folder of its own.

A: Big Trust on the landing files. B (plain/): the same marts without privacy, on landing files that were filtered
before. C (hashed/): the same marts as they are often written, every key hashed on every row.
"""

import hashlib
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb
import model_times
import processes
from model_times import ModelTimes
from processes import Process

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[2]
BIN = Path(sys.executable).parent

# Names of Big Trust's that the benchmark relies on.
VAULT = "warehouse/vault.duckdb"
PUBLICATIONS = {"analytics": "published/analytics.duckdb", "insights": "published/insights.duckdb"}
PERSONS = "restricted.person_pseudonyms"  # customer_id, person_pseudonym
PURCHASES = "restricted.purchase_pseudonyms"  # purchase_id, purchase_pseudonym
LOG = "warehouse/dbt/logs/dbt.log"

BEFORE, AFTER = "2003-01-02", "2003-01-03"  # the days of the full build and of the nightly run


@dataclass(frozen=True)
class Build:
    """What a build took: the whole process, and dbt in its models."""

    process: Process
    times: ModelTimes

    @property
    def processor(self) -> float:
        """Processor seconds while dbt was in its models."""
        return self.process.processor_between(self.times.started, self.times.ended)


def deliver(data: Path, landing: Path) -> None:
    """Deliver the files of a folder into a landing folder, as links."""
    shutil.copytree(data, landing, copy_function=os.link, dirs_exist_ok=True)


def filter_landing(landing: Path, as_of: str, output: Path, memory_limit: str) -> None:
    """Write the landing files without what Big Trust does not publish: analytics/ and insights/ (filter.sql)."""
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    with duckdb.connect(str(output / "work.duckdb")) as connection:
        connection.execute(f"set memory_limit = '{memory_limit}'")
        connection.execute(f"set variable landing = '{landing}'")
        connection.execute(f"set variable as_of = date '{as_of}'")
        connection.execute((HERE / "filter.sql").read_text(encoding="utf-8"))
        views = connection.execute(
            "select schema_name, view_name from duckdb_views() where schema_name in ('analytics', 'insights')"
        ).fetchall()
        for schema, view in views:
            (output / schema).mkdir(exist_ok=True)
            path = output / schema / f"{view}.parquet"
            connection.execute(f"copy {schema}.{view} to '{path}' (format parquet, compression zstd)")
    (output / "work.duckdb").unlink()


def big_trust(root: Path, as_of: str, memory_limit: str) -> Build:
    """`bigtrust run` in the folders under `root`; root/landing must be there."""
    (root / LOG).unlink(missing_ok=True)
    process = processes.run([BIN / "bigtrust", "run", "--as-of", as_of], environment(root, memory_limit), root)
    return Build(process, model_times.read(root / LOG))


def environment(root: Path, memory_limit: str) -> dict[str, str]:
    """The settings of Big Trust in the folders under `root`."""
    folders = ("landing", "warehouse", "published", "register", "site", "ledger")
    return {
        **{f"BIGTRUST_{name.upper()}": str(root / name) for name in folders},
        "BIGTRUST_SECRET_FILE": str(root / "secret.key"),
        "BIGTRUST_PROJECT": str(PROJECT),
        "BIGTRUST_MEMORY_LIMIT": memory_limit,
        "DBT_LOG_FORMAT_FILE": "json",
        "PYTHONPATH": str(PROJECT / "scripts"),
    }


def plain(root: Path, landing: Path, filtered: Path, memory_limit: str) -> Build:
    """Build B anew in `root`/warehouse.duckdb."""
    return _dbt("plain", root, landing, memory_limit, {"TPCDS_FILTERED": str(filtered)})


def hashed(root: Path, landing: Path, as_of: str, memory_limit: str) -> Build:
    """Build C anew in `root`/warehouse.duckdb."""
    key = hashlib.sha256(b"a secret of this benchmark").digest().ljust(64, b"\0")
    pads = {
        "TPCDS_INNER_PAD": bytes(byte ^ 0x36 for byte in key).hex(),
        "TPCDS_OUTER_PAD": bytes(byte ^ 0x5C for byte in key).hex(),
    }
    return _dbt("hashed", root, landing, memory_limit, {"TPCDS_AS_OF": as_of, **pads})


def _dbt(project: str, root: Path, landing: Path, memory_limit: str, variables: dict[str, str]) -> Build:
    shutil.rmtree(root, ignore_errors=True)
    environment = {
        "TPCDS_DATABASE": str(root / "warehouse.duckdb"),
        "TPCDS_LANDING": str(landing),
        "BIGTRUST_PROJECT": str(PROJECT),
        "BIGTRUST_MEMORY_LIMIT": memory_limit,
        "DBT_PROJECT_DIR": str(HERE / project),
        "DBT_PROFILES_DIR": str(HERE / project),
        "DBT_TARGET_PATH": str(root / "target"),
        "DBT_LOG_PATH": str(root / "logs"),
        "DBT_LOG_FORMAT_FILE": "json",
        "DO_NOT_TRACK": "1",
        **variables,
    }
    process = processes.run([BIN / "dbt", "build"], environment, root)
    return Build(process, model_times.read(root / "logs" / "dbt.log"))
