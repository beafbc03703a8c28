# mypy: allow-subclassing-any
"""PSE-02: no hash that anybody could compute."""

from typing import Any

from bigtrust.gx.columns import Kind
from bigtrust.gx.counted import CountedExpectation, Counts, examinable_columns, values
from bigtrust.gx.engine import DuckDBExecutionEngine
from bigtrust.gx.unkeyed_hashes import IS_SEARCHING, search


class ExpectTableToHoldNoUnkeyedHash(CountedExpectation):
    """PSE-02: no value of the relation is a hash of an identifier that needs no secret.

    Rule: no pseudonym, text or number is MD5, SHA-1, SHA-256 or HMAC-SHA256 with an empty key of a direct identifier of
    a customer or of the number of a purchase: as landed, in lower or upper case, alone or after `person:`, `customer:`,
    `purchase:`, the name of a domain or a namespace of UUIDs. Compared are of a UUID the 128 bits, also with those of a
    version set; of a text hexadecimal digits (the first 16, with or without dashes) and base64 (either alphabet, with
    or without padding); of a number the engine's own hash, and MD5 with its halves.

    Counted: distinct texts, and values of numbers and UUIDs (examined: those that are not null; violations: distinct
    values that are or hold such a hash).

    Reason: a list of customers is enough to undo such a hash, and so it is no pseudonym (EDPB, Guidelines 01/2025 on
    pseudonymisation; Article 29 Working Party, Opinion 05/2014, 4).

    Remedy: write the column with the pseudonym macro, or leave it out.

    Known limits: identifiers are a sample (scripts/bigtrust/gx/unkeyed_hashes.py): hashes of everybody are found,
    those of single persons may be missed. A hash of several identifiers together, after an unknown prefix or cut to
    fewer than 64 bits is not found: PSE-01 and lineage refuse it. Pseudonyms with the key of another domain are found
    by the test domains_share_no_pseudonym. That each person has one pseudonym, and each pseudonym one person, is tested
    where they are issued, in the maps (models/vault/_vault__models.yml: unique, not null).
    """

    def _count(self, engine: DuckDBExecutionEngine, relation: str) -> Counts:
        counts = Counts()
        columns = [
            (column, column_kind)
            for column, column_kind in examinable_columns(engine, relation, counts)
            if column_kind is not Kind.WITHOUT_TEXT
        ]
        if columns and engine.rows(IS_SEARCHING)[0][0]:
            texts, counts.examined = values(engine, relation, columns)
            for column, hashes in engine.rows(search(relation, columns, texts)):
                counts.violations += hashes
                counts.where[column] = str(hashes)
        return counts

    @classmethod
    def _sentence(cls, kwargs: dict[str, Any]) -> str:
        return "No value is a hash of an identifier that can be computed without the secret."
