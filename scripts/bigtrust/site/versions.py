"""The versions of the policy, and what changed from one to the next: row by row, in words."""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

from bigtrust import ledger
from bigtrust.errors import ConfigurationError
from bigtrust.settings import Settings
from bigtrust.site.words import Words, both

# What makes a row of a table of the policy the same row in two versions.
KEYS: Mapping[str, tuple[str, ...]] = {
    "controller": ("role",),
    "purposes": ("purpose",),
    "retention_windows": ("data_category", "purpose"),
    "recipients": ("recipient", "purpose"),
    "settings": ("setting",),
    "sensitive_categories": ("category_id",),
    "vulnerable_categories": ("category_id",),
    "replacement_cycles": ("category_id",),
}
_NOT_POLICY = "check_exceptions"  # it has entries of its own in the ledger
_VERSION = ("settings", ("policy_version",))  # told in the heading

Tables = Mapping[str, str]  # the text of each table, by the name of its file


def policy_versions(settings: Settings) -> list[dict[str, Any]]:
    """The versions in the ledger, newest first: when, in which entry, and what changed since the one before.

    Raises ConfigurationError if the ledger holds none, and a BigTrustError if it is damaged.
    """
    entries = [entry for entry in ledger.entries(settings) if entry["kind"] == "policy"]
    if not entries:
        raise ConfigurationError("The ledger knows no version of the policy. Run first: bigtrust run")
    found = []
    before: Tables | None = None
    for entry in entries:
        changes = [] if before is None else differences(before, entry["tables"])
        found.append(
            {
                "version": entry["version"],
                "entry": entry["number"],
                "at": entry["at"],
                "changes": [change | {"text": both(_said(change))} for change in changes],
            }
        )
        before = entry["tables"]
    return found[::-1]


def differences(before: Tables, after: Tables) -> list[dict[str, Any]]:
    """What changed from one version to another: added and removed rows, and fields of rows that stayed.

    `row` is what identifies the row, `fields` are all fields of one that was added or removed, or `old` and `new` of
    `field`.
    """
    found: list[dict[str, Any]] = []
    for table in sorted({_name(file) for file in (*before, *after)} - {_NOT_POLICY}):
        old, new = _rows(before, table), _rows(after, table)
        for key in sorted(old.keys() | new.keys()):
            if (table, key) == _VERSION:
                continue
            common = {"table": table, "row": list(key)}
            if key not in old:
                found.append(common | {"change": "added", "fields": new[key]})
            elif key not in new:
                found.append(common | {"change": "removed", "fields": old[key]})
            else:
                found += [
                    common
                    | {"change": "changed", "field": field, "old": old[key].get(field), "new": new[key].get(field)}
                    for field in dict.fromkeys((*old[key], *new[key]))
                    if old[key].get(field) != new[key].get(field)
                ]
    return found


def _said(change: Mapping[str, Any]) -> Any:
    table = change["table"]

    def say(words: Words) -> str:
        row = " · ".join(_value(words, table, "row", part) for part in change["row"])
        known = f"policy.tables.{table}"
        named = words.text(known) if words.has(known) else table
        if change["change"] != "changed":
            told = {
                name: value for name, value in change["fields"].items() if value and name not in KEYS.get(table, ())
            }
            fields = "; ".join(
                words.text("policy.field", name=_named(words, name), value=_value(words, table, name, value))
                for name, value in told.items()
            )
            return words.text(f"policy.{change['change']}", table=named, row=row, fields=fields)
        values = {side: _value(words, table, change["field"], change[side]) for side in ("old", "new")}
        return words.text("policy.changed", table=named, row=row, field=_named(words, change["field"]), **values)

    return say


def _named(words: Words, field: str) -> str:
    name = f"policy.fields.{field}"
    return words.text(name) if words.has(name) else field


def _value(words: Words, table: str, field: str, value: str | None) -> str:
    """A value of a table of the policy in words, if there are any for it, else as it was written."""
    if not value:
        return words.text("policy.nothing")
    if field == "period_months" and value.isdecimal():
        return words.period(int(value))
    if value.isidentifier():  # a name of the project, and no text
        groups = {
            "row": ("disclosed_for" if table == "recipients" else "purposes", "settings"),
            "start_event": ("start_events",),
        }
        names = [f"categories.{value}.name", *(f"{group}.{value}" for group in groups.get(field, ()))]
        for name in names if field in groups else ():
            if words.has(name):
                return words.text(name)
    return words.policy_or_as_written(value)


def _rows(tables: Tables, table: str) -> dict[tuple[str, ...], dict[str, str]]:
    text = next((text for file, text in tables.items() if _name(file) == table), "")
    found: dict[tuple[str, ...], dict[str, str]] = {}
    for row in _read(text):
        names: Iterable[str] = KEYS.get(table, tuple(row))
        found[tuple(row.get(name) or "" for name in names)] = row
    return found


def _read(text: str) -> list[dict[str, str]]:
    return [
        {name: value or "" for name, value in row.items() if isinstance(name, str) and not isinstance(value, list)}
        for row in csv.DictReader(io.StringIO(text, newline=""))
    ]


def _name(file: str) -> str:
    return file.rpartition("/")[2].removesuffix(".csv")
