"""What the record is made from: the policy tables, and dbt's manifest and the lineage of the last run."""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bigtrust import policy, records
from bigtrust.errors import ConfigurationError
from bigtrust.records import Record
from bigtrust.settings import Settings

_COLUMNS = {
    "controller": ("role", "name", "contact"),
    "purposes": ("purpose", "publication", "audience", "must_not_overlap_with", "legal_basis", "honours_erasure"),
    "recipients": ("recipient", "name", "country", "purpose", "legal_basis", "columns", "contract_on"),
    "retention_windows": ("data_category", "purpose", "period_months", "start_event", "legal_source"),
    "settings": ("setting", "value", "description"),
    "check_exceptions": ("code", "object"),
}
_NOT_OF_THE_RECORD = "check_exceptions"  # of which only the number is said


@dataclass(frozen=True)
class Metadata:
    """`policy` are the rows of the policy tables of the project, `manifest` and `lineage` what the last run (`run`)
    wrote. `edits` are the rows of the policy that no run has published yet (table, '-' or '+', row)."""

    policy: Mapping[str, Sequence[Mapping[str, str]]]
    manifest: Mapping[str, Any]
    lineage: Mapping[str, Any]
    run: Record
    edits: Sequence[tuple[str, str, str]]

    @property
    def settings(self) -> Mapping[str, str]:
        """The settings of the policy."""
        return {row["setting"]: row["value"] for row in self.policy["settings"]}

    @property
    def models(self) -> list[Mapping[str, Any]]:
        """The models of the manifest."""
        return [node for node in self.manifest["nodes"].values() if node["resource_type"] == "model"]

    @property
    def exposures(self) -> list[Mapping[str, Any]]:
        """The uses that the manifest knows, by name."""
        return sorted(self.manifest["exposures"].values(), key=lambda exposure: str(exposure["name"]))

    @property
    def landed(self) -> list[Mapping[str, Any]]:
        """The tables that come from outside: those of landing as the contract has them, then those of the register."""
        sources = self.manifest["sources"].values()
        return [source for name in ("landing", "register") for source in sources if source["source_name"] == name]


def read(settings: Settings) -> Metadata:
    """Read it. Raises ConfigurationError if the last run did not publish, or if something of it cannot be read."""
    run = records.latest(settings.runs)
    if run is None:
        raise ConfigurationError("Nothing has been built yet. Run `bigtrust run` first.")
    if run.verdict != records.PUBLISHED:
        raise ConfigurationError(
            f"The last run ({run.run}) did not publish. Repair what stopped it and run `bigtrust run`: the record says "
            "what is published."
        )
    manifest = _json(settings.dbt_target / "manifest.json")
    lineage = _json(settings.lineage / "lineage.json")
    if not manifest.get("exposures") or not lineage.get("publications"):
        raise ConfigurationError(
            "What the last run left is of another version of this project. Run `bigtrust run --full-refresh` first."
        )
    tables = {name: _rows(settings.project / policy.FOLDER / f"{name}.csv", known) for name, known in _COLUMNS.items()}
    edits = policy.edits(policy.published(settings), settings.project / policy.FOLDER)
    return Metadata(tables, manifest, lineage, run, [edit for edit in edits if edit[0] != _NOT_OF_THE_RECORD])


def meta(node: Mapping[str, Any]) -> Mapping[str, Any]:
    """The `meta` of a node, source, exposure or column of the manifest."""
    found: Mapping[str, Any] = node.get("config", {}).get("meta") or {}
    return found


def _json(path: Path) -> Mapping[str, Any]:
    try:
        content: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return content
    except (OSError, ValueError):
        raise ConfigurationError(
            f"{path} is missing or damaged. Run `bigtrust run --full-refresh`, which writes it anew."
        ) from None


def _rows(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [{name: value or "" for name, value in row.items()} for row in csv.DictReader(file, strict=True)]
        if any(not row.keys() >= set(columns) for row in rows):
            raise ValueError
        return rows
    except (OSError, ValueError, csv.Error):
        raise ConfigurationError(
            f"{policy.FOLDER}/{path.name} cannot be read as CSV in UTF-8 with the columns {', '.join(columns)}. "
            "Correct it."
        ) from None
