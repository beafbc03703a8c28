# mypy: allow-subclassing-any
"""PAT-01 to PAT-07: nothing that looks like personal data."""

from collections import Counter
from typing import Any, ClassVar, Literal

from bigtrust.gx.counted import CountedExpectation, Counts, examinable_columns
from bigtrust.gx.engine import DuckDBExecutionEngine, literal
from bigtrust.gx.patterns import PATTERNS
from bigtrust.gx.raw_values import DESCRIBED
from bigtrust.gx.texts import described, texts, texts_of


class ExpectTableToHoldNoPersonalPattern(CountedExpectation):
    """PAT-01 to PAT-07: no text of the relation looks like personal data.

    Rule: no value of a text column, or of a nested column as text, contains `pattern`: an `email` address
    (PAT-01), a `phone` number (PAT-02), an `iban` (PAT-03), a payment `card` number (PAT-04), an `ip_address` (PAT-05),
    a French `social_security_number` (PAT-06) or a web address with parameters, `url_query` (PAT-07). A column that
    cannot be read as text (BLOB) fails.

    What the catalogue says of the relation (names, comments, types, the SQL of a view) is looked at as well.

    Counted: distinct values (examined: those that are not null; violations: those that contain the pattern).

    Reason: a raw value is only recognised if the vault holds it. A customer who writes the address of a
    neighbour, or a shop that types card numbers into a comment, is found by the form alone.

    Remedy: the result names the column. Leave it out of the protected model, or replace it with what it was
    wanted for (a topic, a code). If it is no personal data, write an exception with a reason.

    Known limits: numbers in numeric columns are not looked at (RAW-01 looks at those). Phone numbers are found
    in the international form (+ or 00), and French ones in pairs, or ten digits together if mobile; a mobile
    number that is a valid ISBN-10, or a 00 number that is a valid EAN, is taken for one. An IBAN must have a
    country and check digits that python-stdnum knows; a card an issuer's first digits and a valid Luhn digit,
    which one in ten numbers of 16 digits that begin like a card has by chance. An IPv4 address of four one-digit
    numbers is taken for a version, and so is one after `v`, `version` or `name/`. A social security number must have
    its key, which about one in 285 numbers of 15 digits has by chance (4 of 10 first digits, 85 of 100 months, one of
    97 keys); without the key it looks like an EAN. Parameters of a web address have an equals sign.
    """

    pattern: Literal["email", "phone", "iban", "card", "ip_address", "social_security_number", "url_query"]

    success_keys: ClassVar[tuple[str, ...]] = ("pattern",)

    def _count(self, engine: DuckDBExecutionEngine, relation: str) -> Counts:
        counts = Counts()
        columns = texts_of(examinable_columns(engine, relation, counts))
        found: Counter[str] = Counter()
        if columns:
            of_columns, counts.examined = texts(engine, relation)
            found = self._search(engine, of_columns)
        found.update({DESCRIBED: sum(PATTERNS[self.pattern].is_in(text) for text in described(engine, relation))})
        counts.violations += found.total()
        counts.where.update({place: str(values) for place, values in found.items() if values})
        return counts

    def _search(self, engine: DuckDBExecutionEngine, of_columns: str) -> Counter[str]:
        """Distinct values that contain the pattern, per column."""
        pattern = PATTERNS[self.pattern]
        candidates = f"select name, text from {of_columns} where regexp_matches(text, {literal(pattern.prefilter)})"
        found: Counter[str] = Counter()
        for batch in engine.row_batches(candidates):
            found.update(name for name, text in batch if pattern.is_in(text))
        return found

    @classmethod
    def _sentence(cls, kwargs: dict[str, Any]) -> str:
        return f"No text contains what looks like {PATTERNS[kwargs['pattern']].title}."
