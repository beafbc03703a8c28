"""What an edit of the policy would remove or show, before it happens.

The marts are built twice in a folder of their own, with the policy of the last publication and with the edited one,
from the same landing files and the same register, for the same day, and compared row by row. The warehouse and the
publications are only read, so a run may go on meanwhile.
"""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from bigtrust import lock, policy, register, sql
from bigtrust.build import Dbt
from bigtrust.errors import ConfigurationError, InputError
from bigtrust.files import emptied
from bigtrust.pipeline import Reporter
from bigtrust.settings import PUBLICATIONS, Settings

_PROJECT_PARTS = ("dbt_project.yml", "profiles.yml", "models", "macros", "seeds", "tests/dbt")


@dataclass(frozen=True)
class Change:
    """Rows of a mart with the policy of the last publication (`now`) and with the edited one (`then`).

    `removed` and `shown` count rows: one whose figures change counts in both. now - removed + shown = then.
    """

    mart: str
    now: int
    removed: int
    shown: int
    then: int


@dataclass(frozen=True)
class Preview:
    """What is edited (table, '-' or '+', row) and what it would change, on `day`; both empty if nothing is edited."""

    day: date
    edits: list[tuple[str, str, str]]
    changes: list[Change]


def preview(settings: Settings, reporter: Reporter) -> Preview:
    """Compare the policy tables of the project with those of the last publication.

    Raises ConfigurationError if nothing was published yet or an edit is not possible, InputError if landing cannot
    be used or changes meanwhile, LockedError while another preview is under way.
    """
    os.umask(0o077)
    day = settings.as_of or datetime.now(UTC).date()
    before, after = policy.published(settings), settings.project / policy.FOLDER
    if not before.exists():
        raise ConfigurationError("There is no published policy to compare with. Run `bigtrust run` first.")
    edits = policy.edits(before, after)
    if not edits:
        return Preview(day, [], [])
    register.require_complete(register.read(settings.register), settings.seen_requests)
    folder = settings.warehouse / "preview"
    with lock.exclusive(folder), emptied(folder):
        landing = _fingerprint(settings.landing)
        shutil.copytree(settings.register, folder / "register")
        edited = _settings(settings, folder / "edited", after, day)
        published = _settings(settings, folder / "published", before, day)
        reporter.phase("edited")
        _build(edited, reporter)
        reporter.phase("published")
        try:
            _build(published, reporter)
        except ConfigurationError as error:
            raise ConfigurationError(
                "The policy of the last publication does not fit this version of the project, so there is nothing to "
                f"compare with: {error} Publish once with `bigtrust run`."
            ) from None
        if _fingerprint(settings.landing) != landing:
            raise InputError("The landing folder changed while the preview was made. Run `bigtrust preview` again.")
        reporter.phase("compare")
        return Preview(day, edits, list(_changes(published.candidates, edited.candidates)))


def _settings(settings: Settings, folder: Path, tables: Path, day: date) -> Settings:
    """The settings of a build in a folder of its own, with a copy of the project that has these policy tables."""
    project = folder / "project"
    for part in _PROJECT_PARTS:
        source, target = settings.project / part, project / part
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    for path in (project / policy.FOLDER).glob("*.csv"):
        path.unlink()
    for path in tables.glob("*.csv"):
        shutil.copy(path, project / policy.FOLDER)
    return replace(
        settings,
        project=project,
        warehouse=folder / "warehouse",
        published=folder / "nothing",
        register=folder.parent / "register",
        as_of=day,
    )


def _build(settings: Settings, reporter: Reporter) -> None:
    dbt = Dbt(settings)
    dbt.parse(0)
    dbt.build_marts(reporter.progress)
    settings.vault.unlink()  # it is large, and the comparison needs the marts only


def _changes(before: Path, after: Path) -> Iterator[Change]:
    for publication in PUBLICATIONS:
        if publication == "governance":
            continue
        with duckdb.connect(config=sql.limits(before.parent / "temporary")) as connection:
            for name, folder in (("before", before), ("after", after)):
                connection.execute(f"attach {sql.text(str(folder / f'{publication}.duckdb'))} as {name} (read_only)")
            marts = connection.execute(
                """
                select view_name from duckdb_views()
                where database_name = 'after' and schema_name = 'marts' and view_name <> 'about'
                order by view_name
                """
            ).fetchall()
            for (mart,) in marts:
                name = sql.identifier(mart)
                ((now, then, removed),) = connection.execute(
                    f"""
                    select
                        (select count(*) from before.marts.{name}),
                        (select count(*) from after.marts.{name}),
                        (select count(*) from (from before.marts.{name} except all from after.marts.{name}))
                    """
                ).fetchall()
                yield Change(f"{publication}.{mart}", now, removed, then - now + removed, then)


def _fingerprint(folder: Path) -> set[tuple[str, int, int]]:
    """Name, size and time of every file: what a delivery changes."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files}
