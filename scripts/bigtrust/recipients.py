"""Who may receive addresses: seeds/policy/recipients.csv, whose rows dbt tests (policy_recipients_are_possible)."""

import csv
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from bigtrust.errors import ConfigurationError

FILE = Path("seeds/policy/recipients.csv")


@dataclass(frozen=True)
class Recipient:
    """What the policy says of a recipient for one purpose. `columns` are in the order in which they are written."""

    recipient: str
    purpose: str
    legal_basis: str
    columns: tuple[str, ...]


def chosen(project: Path, name: str, purposes: Collection[str]) -> Recipient:
    """Return what the policy says of a recipient for one of the purposes.

    Raises ConfigurationError if the table cannot be read, if the recipient is not in it, has no legal basis for any of
    the purposes, or for more than one.
    """
    found = {row.purpose: row for row in _rows(project) if row.recipient == name}
    if not found:
        raise ConfigurationError(
            f"--recipient is none of {FILE}: nobody receives addresses whom the policy does not name. Correct it, or "
            "have the policy changed."
        )
    possible = sorted(set(purposes) & {purpose for purpose, row in found.items() if row.legal_basis})
    if not possible:
        raise ConfigurationError(
            f"--recipient {name} has no legal basis for {' or '.join(sorted(purposes))}: {FILE} names it for "
            f"{', '.join(sorted(found))}. Name another recipient, or have the policy changed."
        )
    if len(possible) > 1:
        raise ConfigurationError(
            f"--recipient {name} receives addresses for {' and for '.join(possible)}. Say for which: --purpose."
        )
    return found[possible[0]]


def _rows(project: Path) -> list[Recipient]:
    try:
        with (project / FILE).open(encoding="utf-8", newline="") as file:
            return [
                Recipient(row["recipient"], row["purpose"], row["legal_basis"], tuple(row["columns"].split(" ")))
                for row in csv.DictReader(file)
            ]
    except (OSError, UnicodeDecodeError, csv.Error, KeyError, AttributeError):
        raise ConfigurationError(
            f"{FILE} cannot be read as CSV in UTF-8 with the columns recipient, purpose, legal_basis and columns. "
            "Correct it."
        ) from None
