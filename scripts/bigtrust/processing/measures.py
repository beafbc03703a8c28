"""The security measures (GDPR art. 30(1)(g) and 32), each from what is built and from the checks that prove it."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from bigtrust.lineage.declared import ENDS, GENERALISING, PSEUDONYM
from bigtrust.processing.metadata import Metadata, meta
from bigtrust.processing.tables import Table
from bigtrust.registry import CHECKS
from bigtrust.settings import PUBLICATIONS


def measures(metadata: Metadata) -> Table:
    """What is built, in words and numbers, and the codes of the checks that a run makes of it."""
    built = (
        ("pseudonymisation", _pseudonymisation(metadata), ("PSE-01", "PSE-02", "PSE-03", "KEY-01")),
        ("vault_apart", _apart(metadata), ("FLW-01", "RAW-01", "OBJ-01", "PAT-01", "PAT-02", "PAT-03", "PAT-04")),
        ("minimisation", _minimisation(metadata), ("CLS-01", "FLW-01", "FLW-02", "FLW-03", "COL-01")),
        ("generalisation", _generalisation(metadata), ("FLW-06", "KAN-01", "CEL-01", "CEL-02", "CEL-03")),
        ("retention", _retention(metadata), ("RET-01", "RET-02", "RET-03", "RET-04", "RET-05")),
        ("forgetting", _forgetting(metadata), ("ERA-01", "ERA-02", "MET-01")),
        ("consent", _consent(metadata), ("OPT-01", "OPT-02", "OFR-01")),
        ("secrets", _secrets(), ("ART-01", "ART-02", "ART-03", "MET-02")),
        ("proof", _proof(metadata), ("POL-01", "CON-01", "SUI-01", "EXC-01")),
    )
    rows = [{"measure": name, "built": sentence, "checks": codes} for name, sentence, codes in built]
    return Table("measures", ("measure",), ("measure", "built", "checks"), tuple(rows))


def verdicts(results: Sequence[dict[str, Any]], codes: Sequence[str]) -> dict[str, str]:
    """What the last run found, by code: the worst verdict that applies, or that it was not made."""
    found: dict[str, Counter[str]] = {code: Counter() for code in codes}
    for result in results:
        if result["code"] in found:
            found[result["code"]][result["verdict"]] += 1
    order = ("failed", "passed", "not applicable")
    return {code: next((name for name in order if counts[name]), "not made") for code, counts in found.items()}


def _pseudonymisation(metadata: Metadata) -> str:
    domains = sorted({meta(node)["domain"] for node in metadata.models if "domain" in meta(node)})
    columns = sum(
        meta(column).get("treatment") == PSEUDONYM
        for node in metadata.models
        if node["database"] in PUBLICATIONS
        for column in node["columns"].values()
    )
    return (
        f"Customer and purchase numbers become pseudonyms (HMAC-SHA256) in {len(domains)} domains with keys of their "
        f"own: {', '.join(domains)}. {columns} published columns hold one, each issued in the domain of its "
        "publication, so that two publications cannot be joined by person. Keys can be rotated."
    )


def _apart(metadata: Metadata) -> str:
    vault = sum(node["database"] not in PUBLICATIONS for node in metadata.models)
    files = len({node["database"] for node in metadata.models} & set(PUBLICATIONS))
    apart = {
        frozenset((row["publication"], other.strip()))
        for row in metadata.policy["purposes"]
        for other in row["must_not_overlap_with"].split(",")
        if other.strip()
    }
    return (
        f"{vault} relations with identifiers, pseudonym maps and requests are in the vault, a file that is never "
        f"published. {files} publications are files of their own, each for one purpose and audience; {len(apart)} "
        "pairs of them must not have a reader in common."
    )


def _minimisation(metadata: Metadata) -> str:
    parts = []
    for name, plural in (("direct identifier", "direct identifiers"), ("free text", "free texts")):
        columns = [column for column in metadata.lineage["columns"] if column["class"] == name]
        nowhere = [column for column in columns if not column["goes_to"]]
        others = {there["as"] for column in columns for there in column["goes_to"]}
        rest = f", the others only as {' or '.join(sorted(others))}" if others else ""
        parts.append(
            f"Of {len(columns)} landing columns that are {plural}, {len(nowhere)} are published in no form{rest}."
        )
    return (
        f"{' '.join(parts)} What is published is written by hand, column by column; its way is followed through the "
        "SQL."
    )


def _generalisation(metadata: Metadata) -> str:
    used = sorted(
        {treatment for column in metadata.lineage["columns"] for to in column["goes_to"] for treatment in to["by"]}
        & GENERALISING
    )
    k = metadata.settings["k"]
    return (
        f"Quasi-identifiers are published coarser than they were delivered ({', '.join(used).replace('_', ' ')}). "
        f"Where a row is a person, at least {k} persons are alike; a published aggregate describes at least {k}."
    )


def _retention(metadata: Metadata) -> str:
    tables = [node for node in metadata.models if node["schema"] == "protected" and ENDS in node["columns"]]
    return (
        f"{len(metadata.policy['retention_windows'])} windows, each with its legal source. {len(tables)} published "
        "tables hold for each row the day on which it expires; the views compare it with today, so that a row "
        "disappears on its day even if nothing runs, and the next run deletes it. What the source systems should "
        "delete is listed for them."
    )


def _forgetting(metadata: Metadata) -> str:
    honouring = [row["publication"] for row in metadata.policy["purposes"] if _is_true(row["honours_erasure"])]
    settings = metadata.settings
    return (
        f"What a person asks to forget leaves {', '.join(honouring)} within {settings['forget_promise_days']} days, "
        f"with everything that would reveal it, {settings['interest_window_days']} days before and after included. "
        "Requests are kept in a register outside every database and applied anew in every build, so that a restored "
        "backup brings nothing back."
    )


def _consent(metadata: Metadata) -> str:
    settings = metadata.settings
    return (
        "Marketing holds only persons whose last word is yes, and nobody known to be under "
        f"{settings['marketing_age']}. Addresses leave through one command, for recipients of the policy, with "
        f"consent as of that moment; each disclosure is recorded, and ends after {settings['export_days']} days."
    )


def _secrets() -> str:
    return (
        "The pseudonymisation secret is in a file that only its owner can read, or in the environment; it is in no "
        "SQL, log, page or database. Files of a run are searched for raw values and for the secret, and the search "
        "is proven to see."
    )


def _proof(metadata: Metadata) -> str:
    critical = sum(check.severity == "critical" for check in CHECKS)
    exceptions = len(metadata.policy["check_exceptions"])
    return (
        f"{critical} kinds of critical checks, and written rules for every published relation: nothing is published "
        f"unless all pass or are excepted. {exceptions or 'No'} exception{'' if exceptions == 1 else 's'} from them in "
        "the policy."
    )


def _is_true(text: str) -> bool:
    return text.strip().lower() == "true"
