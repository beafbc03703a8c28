"""The record: its tables, which version they are, and what changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bigtrust.processing import activities, inventory, measures, versions
from bigtrust.processing.metadata import Metadata
from bigtrust.processing.tables import Table
from bigtrust.processing.versions import Difference, Version


@dataclass(frozen=True)
class Record:
    """The tables by name, the version that they are, the version before it (None: there is none), and what changed.

    `is_draft`: the policy was edited since the last publication, so it is not in force.
    """

    metadata: Metadata
    tables: Mapping[str, Table]
    version: Version
    before: Version | None
    differences: Sequence[Difference]

    @property
    def is_draft(self) -> bool:
        """Whether it says what is not in force yet."""
        return bool(self.metadata.edits)


def make(metadata: Metadata) -> dict[str, Table]:
    """The tables of the record and of the inventory."""
    made = (
        activities.controller(metadata),
        activities.activities(metadata),
        activities.recipients(metadata),
        activities.time_limits(metadata),
        measures.measures(metadata),
        inventory.landing_columns(metadata),
        inventory.published_columns(metadata),
    )
    return {table.name: table for table in made}


def versioned(
    metadata: Metadata, tables: Mapping[str, Table], known: Sequence[Version]
) -> tuple[Record, Sequence[Version]]:
    """The record with what changed, and the versions to keep."""
    last = known[-1] if known else None
    now = Version(
        last.number + 1 if last else 1,
        metadata.settings["policy_version"],
        metadata.run.run,
        versions.said(tables.values()),
    )
    if last is not None and last.is_as(now):
        shown, kept = known, known
    else:
        shown = [*known, now][-2:]
        kept = known if metadata.edits else shown
    before = shown[0] if len(shown) > 1 else None
    found = versions.differences(before.said, shown[-1].said, tables.values()) if before else []
    return Record(metadata, tables, shown[-1], before, found), kept
