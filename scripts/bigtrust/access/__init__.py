"""The access report (GDPR art. 15): everything that the warehouse holds of one person, for that person.

It reads landing as it is delivered now, the register as it is now, and the vault and the publications of the last run.
"""

import glob
import json
import os
import re
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from bigtrust import details, disclosures, ledger, lock, records, register, sql, states
from bigtrust.access import asked, copies, landed, page, told, windows
from bigtrust.access.asked import Asked
from bigtrust.access.copies import Copies
from bigtrust.access.landed import Landed, Row
from bigtrust.details import LANGUAGES
from bigtrust.errors import ConfigurationError, InputError
from bigtrust.files import sync_folder, write_together
from bigtrust.settings import PUBLICATIONS, Settings

SCHEMA_VERSION = 1
PAGE, DATA = "access-report.html", "access-report.json"
DEFAULT_LANGUAGE = "fr"
_NUMBERS = ("purchase_id", "customer_id")  # all that is told of a purchase that is somebody else's


@dataclass(frozen=True)
class Report:
    """What was written, in numbers: rows of landing, entries of the register, rows of the vault and publications."""

    folder: Path
    language: str
    landed: int
    registered: int
    vault: int
    published: int


def write(settings: Settings, customer: str, output: Path, language: str | None = None) -> Report:
    """Write the page and the JSON file about a customer into the folder `output`, which is made for its owner alone.

    `language` is fr or en; None: the one that the customer's record names. That a report was made is recorded before it
    is there. Raises ConfigurationError if `output` lies where others read or holds anything, or if the last run did not
    publish; InputError if nothing is held under this number, or landing or register cannot be used; LockedError while
    a run is under way.
    """
    os.umask(0o077)
    output = output.resolve()
    _require_free(settings, output)
    with lock.exclusive(settings.warehouse):
        content = gather(settings, customer, language)
        texts = {DATA: _json(content), PAGE: page.render(content, details.load(settings.project))}
        _put(settings, texts, output)
    return Report(
        output,
        content["language"],
        landed=sum(len(table["rows"]) for table in content["landing"]),
        registered=len(content["register"]["requests"]) + len(content["register"]["forgotten_lines"]),
        vault=sum(len(relation["rows"]) for relation in content["vault"]),
        published=sum(len(each["rows"]) for found in content["publications"] for each in found["relations"]),
    )


def gather(settings: Settings, customer: str, language: str | None = None) -> dict[str, Any]:
    """Return everything that the warehouse holds of a customer: docs/schemas/access_report.schema.json specifies it.

    Raises as `write` does.
    """
    customer = register.cleaned(customer) or ""
    last = _last_run(settings)
    limits = sql.limits(settings.warehouse / "temporary")
    with duckdb.connect(config=limits) as connection:
        connection.execute("set TimeZone = 'UTC'")
        copies.attach(connection, settings)
        _require_complete(connection, last)
        in_landing = landed.read(connection, settings, customer)
        in_register = asked.read(connection, settings, customer, in_landing.purchases)
        copied = copies.read(connection, customer)
        if not (any(in_landing.rows.values()) or in_register.requests or in_register.lines or copied.vault):
            raise InputError(
                "--customer: nothing is held under this number, neither in landing nor in the register nor in the "
                "vault. Compare it with the source system; a number is written as it is delivered."
            )
        policy = _policy(connection)
    day = date.fromisoformat(last.as_of) if last.as_of else datetime.now(UTC).date()
    said = told.choices(in_landing, _erased_until(in_register))
    kept = windows.kept(
        windows.Policy(
            windows=policy["retention_windows"],
            purposes={purpose["purpose"]: purpose for purpose in policy["purposes"]},
            day=day,
            last_active_on=_last_active_on(copied),
            created_on=_created_on(in_landing, ZoneInfo(policy["time_zone"])),
            agrees_to_marketing=told.agrees(said, "marketing"),
        ),
        in_landing,
        in_register,
    )
    return {
        "schema_version": SCHEMA_VERSION,
        "made_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "language": language or _language(in_landing),
        "customer_id": customer,
        "run": last.run,
        "run_at": last.finished_at,
        "day": day.isoformat(),
        "last_active_on": _plain(_last_active_on(copied)),
        "landing": [_table(name, in_landing, kept[name], said) for name in landed.TABLES],
        "names": {"products": dict(in_landing.products), "categories": dict(in_landing.categories)},
        "choices": [
            {name: _plain(value) for name, value in asdict(choice).items() if name != "place"} for choice in said
        ],
        "register": {"requests": in_register.requests, "forgotten_lines": _plain(in_register.lines)},
        "vault": [asdict(copy) for copy in copied.vault],
        "publications": [
            {
                "publication": name,
                "relations": [asdict(copy) for copy in copied.publications.get(name, [])],
            }
            for name in PUBLICATIONS
        ],
        "disclosures": told.disclosed(disclosures.read(settings), in_landing),
        "policy": policy,
    }


def _require_free(settings: Settings, output: Path) -> None:
    settings.require_elsewhere(output, "Access reports")
    if output.exists() and not (output.is_dir() and not any(output.iterdir())):
        raise ConfigurationError(
            f"--output {output} is there already, and holds something. Name a folder that does not exist yet: each "
            "person's report has its own."
        )


def _last_run(settings: Settings) -> records.Record:
    last = records.latest(settings.runs)
    names = [settings.vault, *(settings.published / f"{name}.duckdb" for name in PUBLICATIONS)]
    if last is None or not all(path.exists() for path in names):
        raise ConfigurationError("Nothing has been published yet. Run `bigtrust run` first.")
    if last.verdict != records.PUBLISHED:
        raise ConfigurationError(
            f"The last run ({last.run}) did not publish, so the vault does not say whose the published rows are. "
            "Repair what stopped it and run `bigtrust run`."
        )
    return last


def _require_complete(connection: duckdb.DuckDBPyConnection, last: records.Record) -> None:
    """Whoever is killed leaves no record; a build says in the vault that it is complete when all else is done."""
    ((found,),) = connection.execute(
        "select count(*) from duckdb_tables() where database_name = 'vault' and schema_name = 'last_run' "
        "and table_name = 'build'"
    ).fetchall()
    if not found:
        raise ConfigurationError(
            f"What was built after run {last.run} was not published: it was stopped half-way, or dbt built alone. Run "
            "`bigtrust run`."
        )


def _policy(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """The tables of the policy that the last run was built with."""
    rows = partial(sql.rows, connection)
    settings = {row["setting"]: row["value"] for row in rows("from vault.policy.settings")}
    try:
        controller = rows(
            "select role, name, contact from vault.policy.controller order by list_position(['controller', "
            "'joint_controller', 'representative', 'data_protection_officer'], role)"
        )
    except duckdb.CatalogException:  # an older version made it
        raise ConfigurationError(
            "The policy of the last run does not name the controller (seeds/policy/controller.csv). Run `bigtrust run`."
        ) from None
    return {
        "policy_version": settings["policy_version"],
        "time_zone": settings["time_zone"],
        "controller": controller,
        "purposes": rows(
            "select purpose, publication, audience, legal_basis, honours_erasure, description "
            "from vault.policy.purposes"
        ),
        "retention_windows": rows(
            "select data_category, purpose, cast(period_months as int) as period_months, start_event, legal_source "
            "from vault.policy.retention_windows"
        ),
        "recipients": rows(
            "select recipient, name, country, purpose, legal_basis, string_split(columns, ' ') as columns, "
            "transfer_basis from vault.policy.recipients"
        ),
    }


def _erased_until(asked_for: Asked) -> datetime | None:
    """When the person last asked that everything be forgotten: `activate` obeys before a run has made it effective."""
    moments = [
        datetime.fromisoformat(request["requested_at"]).astimezone(UTC).replace(tzinfo=None)
        for request in asked_for.requests
        if request["scope"] == "person" and request["state"] in (states.EFFECTIVE, states.WAITING)
    ]
    return max(moments, default=None)


def _last_active_on(copied: Copies) -> date | None:
    for copy in copied.vault:
        if copy.relation == "restricted.person_activity":
            return max(date.fromisoformat(row["last_active_on"]) for row in copy.rows)
    return None


def _created_on(held: Landed, zone: ZoneInfo) -> date | None:
    moments = [row.read["created_at"] for row in _records(held) if row.is_good][-1:]
    return next((moment.replace(tzinfo=UTC).astimezone(zone).date() for moment in moments if moment), None)


def _language(held: Landed) -> str:
    """The language of the record that counts, else of the last one that names a language that is spoken here."""
    named = [re.split(r"[-_]", (row.read["language"] or "").lower())[0] for row in _records(held)]
    return next((language for language in reversed(named) if language in LANGUAGES), DEFAULT_LANGUAGE)


def _records(held: Landed) -> list[Row]:
    """The customer records; the last one counts, as in staging."""
    return sorted(
        held.rows["customers"],
        key=lambda row: (row.is_good, row.read["updated_at"] or row.read["created_at"] or datetime.min),
    )


def _table(name: str, held: Landed, kept: Sequence[windows.Kept], said: Sequence[told.Choice]) -> dict[str, Any]:
    counting = {choice.place for choice in said if choice.counts}
    return {
        "table": name,
        "data_category": windows.CATEGORIES.get(name),
        "rows": [
            _row(row, how_long, is_elsewhere=held.is_elsewhere(name, row))
            | {"counts": name == "consents" and place in counting}
            for place, (row, how_long) in enumerate(zip(held.rows[name], kept, strict=True))
        ],
    }


def _row(row: Row, how_long: windows.Kept, *, is_elsewhere: bool) -> dict[str, Any]:
    """A landed row as it is told. What a purchase of somebody else holds is about them (art. 15(4)): also its dates."""
    columns = [column for column in row.values if column in _NUMBERS or not is_elsewhere]
    return {
        "values": {column: row.values[column] for column in columns},
        "read": {column: _plain(row.read[column]) for column in columns if column in row.read},
        "file": row.file,
        "row": row.number,
        "state": row.state,
        "reason": row.reason,
        "is_elsewhere": is_elsewhere,
        "is_forgotten": how_long.is_forgotten,
        "is_held": how_long.is_held,
        "due_since": None if is_elsewhere else _plain(row.due_since),
        "uses": [asdict(use) | {"until": _plain(use.until)} for use in how_long.uses],
        "needed_until": _plain(how_long.needed_until),
    }


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return copies.plain(value)


def _json(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _put(settings: Settings, texts: dict[str, str], output: Path) -> None:
    """Write the files beside, record that the report was made, and only then give the folder its name."""
    unfinished = output.with_name(f".{output.name}.{secrets.token_hex(4)}")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        for left in output.parent.glob(f".{glob.escape(output.name)}.{'[0-9a-f]' * 8}"):  # by who was killed
            shutil.rmtree(left)
        unfinished.mkdir(mode=0o700)
        write_together({unfinished / name: text for name, text in texts.items()}, mode=0o600)
        _record(settings)
        unfinished.rename(output)
        sync_folder(output.parent)
    except OSError as error:
        raise ConfigurationError(
            f"--output {output} cannot be written ({error.strerror}). Free the disk, or correct the folder's owner and "
            "mode."
        ) from None
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _record(settings: Settings) -> None:
    """That a report was made, and nothing else, is evidence for ever."""
    ledger.append(settings, lambda _: [{"kind": "access_report"}])
