"""What it costs to know of everybody, for every category, whether an offer is appropriate now.

    .venv/tpcds/bin/python scripts/benchmarks/tpcds/generate.py --scale 10 --output /tmp/tpcds/sf10
    .venv/bin/python scripts/benchmarks/eligibility.py --data /tmp/tpcds/sf10

Every customer of TPC-DS agrees to marketing, and every category has a replacement cycle of two to eleven years: the
largest audience and the most cool-downs that there can be. One full run; printed are the seconds of the models that
offers are decided by, beside those of the whole build, and of the whole mart when it is read: a view over persons and
categories, of which only what is restrained is stored.
"""

import shutil
import sys
import time
from pathlib import Path

import click
import duckdb

sys.path.append(str(Path(__file__).parent / "tpcds"))
import builds

# What a build without offers would not make.
MODELS = (
    "category_cycles",
    "cool_downs",
    "quiet_persons",
    "protected_marketing__offer_pauses",
    "protected_marketing__offer_cool_downs",
    "protected_marketing__offer_categories",
    "marketing__offer_categories",
    "marketing__offer_eligibility",
)
READ = "select reason, count(*) from marts.offer_eligibility group by reason order by reason"


@click.command()
@click.option("--data", type=click.Path(exists=True, path_type=Path), required=True, help="What generate.py wrote.")
@click.option("--work", type=click.Path(path_type=Path), help="Where to build; beside the data if not given.")
@click.option("--memory-limit", default="6GB", show_default=True, help="What DuckDB keeps in memory.")
@click.option("--build/--no-build", "is_built", default=True, show_default=True, help="Build, or use what is there.")
def main(data: Path, work: Path | None, memory_limit: str, is_built: bool) -> None:
    """Measure the models of offers within a full build, and the reading of the whole mart."""
    root = (work or data.with_name(data.name + ".eligibility")).resolve()
    if is_built:
        shutil.rmtree(root, ignore_errors=True)
        builds.deliver(data.resolve() / "landing", root / "landing")
        _agree(root / "landing")
        builds.big_trust(root, builds.BEFORE, memory_limit)
    times = builds.model_times.read(root / builds.LOG)
    taken = {name: times.models[name] for name in MODELS}
    with duckdb.connect(str(root / "published" / "marketing.duckdb"), read_only=True) as connection:
        connection.execute(f"set memory_limit = '{memory_limit}'")
        started = time.monotonic()
        reasons = connection.execute(READ).fetchall()
        seconds = time.monotonic() - started
        ((persons, stored),) = connection.execute(
            "select (select count(*) from marts.audience_members), (select count(*) from protected.offer_cool_downs)"
        ).fetchall()
    pairs = sum(count for _, count in reasons)
    click.echo(f"{persons:,} persons, {pairs:,} pairs with a category, {stored:,} cool-downs stored.")
    click.echo(f"Of them: {', '.join(f'{count:,} {reason}' for reason, count in reasons)}.\n")
    click.echo("| | seconds | by the build (wanted: at most 0.30) |\n|---|---|---|")
    click.echo(f"| whole build, in its models | {times.busy:.1f} | 1 |")
    for name, took in taken.items():
        click.echo(f"| {name} | {took:.1f} | {took / times.busy:.3f} |")
    decided = sum(taken.values())
    click.echo(f"| all models of offers | {decided:.1f} | {decided / times.busy:.3f} |")
    click.echo(f"| reading the whole mart once | {seconds:.1f} | {seconds / times.busy:.3f} |")
    click.echo(f"| both | {decided + seconds:.1f} | {(decided + seconds) / times.busy:.3f} |")


def _agree(landing: Path) -> None:
    """Let every customer agree to marketing, and give every category a replacement cycle."""
    categories = landing / "product_categories.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"create table categories as from '{categories}'")
        connection.execute(
            f"create table customers as select customer_id, created_at from '{landing}/customers.parquet'"
        )
        categories.unlink()  # a link: the data stays as it is
        connection.execute(
            f"""
            copy (
                select *, 24 + cast(category_id as bigint) % 109 as replacement_cycle_months
                from categories order by category_id
            ) to '{categories}' (format parquet)
            """
        )
        connection.execute(
            f"""
            copy (
                select customer_id, 'marketing' as purpose, 'true' as granted,
                    timestamp '2003-01-01 00:00:00' as recorded_at, 'web' as channel
                from customers order by customer_id
            ) to '{landing}/consents.parquet' (format parquet)
            """
        )


if __name__ == "__main__":
    main()
