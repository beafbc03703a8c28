"""All that the site says, as one dictionary: policy.json is this, and every page is made from it alone.

docs/schemas/policy.schema.json specifies it. Nothing in it is of a person; a text is an object of texts by language.
"""

import csv
import io
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from bigtrust import claims, ledger, registry, yaml_file
from bigtrust.errors import ConfigurationError
from bigtrust.settings import Settings
from bigtrust.site import held, proof
from bigtrust.site.versions import policy_versions

SCHEMA_VERSION = 1
_EMAIL = re.compile(r"[^\s;,]+@[^\s;,]+\.[^\s;,]+")
COMPANY = Path(__file__).parent / "company.yml"
# Settings of the policy that the pages name, all of them whole numbers.
SETTINGS = ("k", "forget_promise_days", "interest_window_days", "marketing_age", "export_days")


def collect(settings: Settings, now: datetime) -> dict[str, Any]:
    """Collect what the site says, at a moment in UTC.

    Raises a BigTrustError for whatever is missing, damaged or not described: what is not known is not published.
    """
    claimed, checks = claims.load(), registry.every(settings.project)
    claims.require_complete(claimed, [check.code for check in checks])
    manifest, lineage = held.read_artefacts(settings)
    try:
        with _governance(settings) as connection:
            return _collected(settings, connection, manifest, lineage, claimed, checks, now)
    except duckdb.Error as error:
        raise ConfigurationError(
            f"The publication governance is none that this version reads ({type(error).__name__}). Run again: "
            "bigtrust run"
        ) from None


def _collected(
    settings: Settings,
    connection: duckdb.DuckDBPyConnection,
    manifest: dict[str, Any],
    lineage: dict[str, Any],
    claimed: tuple[claims.Claim, ...],
    checks: list[registry.Check],
    now: datetime,
) -> dict[str, Any]:
    facts = dict(connection.execute("select fact, value from marts.about").fetchall())
    figures = {name: _whole(facts, name) for name in SETTINGS}
    purposes, windows = held.purposes(connection), held.windows(connection)
    recipients = held.recipients(connection)
    disclosures = held.disclosures(connection, figures["k"])
    head = ledger.head(settings)
    return {
        "schema_version": SCHEMA_VERSION,
        "written_at": now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "company": company(settings),
        "policy_version": facts["policy_version"],
        "settings": figures,
        "purposes": purposes,
        "windows": windows,
        "categories": held.categories(manifest, lineage, purposes, windows, recipients),
        "recipients": recipients,
        "disclosures": disclosures,
        "claims": proof.claims(connection, claimed),
        "runs": proof.runs(connection),
        "published_run": proof.published_run(connection),
        "checked_run": proof.checked_run(connection),
        "rules": proof.rules(connection, checks),
        "exceptions": proof.exceptions(connection),
        "scorecard": proof.scorecard(connection, figures["k"], disclosures),
        "versions": policy_versions(settings),
        "ledger": {"public_key": ledger.public_key(settings), "head": None if head is None else head.content},
    }


def company(settings: Settings) -> dict[str, Any]:
    """Who publishes the site, and how to reach them, the data protection officer and others who answer with them.

    Raises ConfigurationError if something is not said.
    """
    telephone = yaml_file.mapping(COMPANY).get("telephone")
    if not isinstance(telephone, str) or not telephone.strip():
        raise ConfigurationError("scripts/bigtrust/site/company.yml does not say telephone. Write it.")
    known = _answering(settings)
    controller = next((row for row in known if row["role"] == "controller"), None)
    if controller is None:
        raise ConfigurationError(
            "The policy of the last publication does not say who the controller is and how to reach them "
            "(seeds/policy/controller.csv). Run again: bigtrust run"
        )
    return {
        "name": controller["name"],
        "contact": controller["contact"],
        "email": controller["email"],
        "telephone": telephone.strip(),
        "others": [row for row in known if row is not controller],
    }


def _answering(settings: Settings) -> list[dict[str, str]]:
    """Who answers for the processing, by the policy of the last publication: by role, with name and contact."""
    policies = [entry["tables"] for entry in ledger.entries(settings) if entry["kind"] == "policy"]
    known = next((tables["controller"] for tables in reversed(policies) if "controller" in tables), "")
    found = []
    for row in csv.DictReader(io.StringIO(known)):
        role, name, contact = (row.get(column) or "" for column in ("role", "name", "contact"))
        email = _EMAIL.search(contact)
        if name and email:
            parts = ", ".join(part.strip() for part in contact.split(";"))
            found.append({"role": role, "name": name, "contact": parts, "email": email.group()})
    return found


def _governance(settings: Settings) -> duckdb.DuckDBPyConnection:
    path = settings.published / "governance.duckdb"
    if not path.exists():
        raise ConfigurationError(
            f"{path} is not there. The site says what the last run did, so run first: bigtrust run"
        )
    return duckdb.connect(str(path), read_only=True)


def _whole(facts: dict[str, str], name: str) -> int:
    try:
        return int(facts[name])
    except (KeyError, ValueError):
        raise ConfigurationError(
            f"The publication governance does not say {name} as a whole number. Run again: bigtrust run"
        ) from None
