"""The raw values of the vault: which of them may be in some texts, and which really are.

Who has ten million values and ten million bytes of text does not build an automaton of ten million patterns (551 bytes
and 16 microseconds each). So the question is turned round: the vault is asked which of its values begin, have in their
middle and end with eight bytes that occur in the texts. It is read once, as a stream, whatever is in the texts; what
is left, on a clean run next to nothing, is searched for with Aho-Corasick (Aho and Corasick, Communications of the
ACM 18, 1975).

What is searched for has at least eight letters or digits, as in `gx/raw_values.py`. Texts are full of numbers and
words, so these have rules of their own:

- number   no letter in it: at least nine digits; without a separator at least twelve, or a zero in front (counters,
           sizes and times are shorter); no date. Beside it stands no letter, no digit and no part of a longer number.
- word     letters only: written as landed or in capitals, and no letter or digit beside it.
- code     letters and digits only: no letter or digit beside it, in any case.
- text     all other: anywhere, in any case.

In a database, strings of a dictionary lie side by side, so there anything may stand beside a word or a code; not
beside a number, for short numbers that lie side by side make every long one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import ahocorasick_rs
import duckdb

from bigtrust.artefacts.texts import PIECE, lowered, pieces
from bigtrust.gx.engine import withheld
from bigtrust.gx.raw_values import SHORTEST, RawColumn

_BATCH = 100_000  # values in one automaton: 55 MB
_SAMPLE = 10_000  # filled rows of a column in which an example is looked for
_NUMBER_SEPARATORS = ".,:+-/"

_CONTROL = r"[\x00-\x08\x0e-\x1f\x7f]"  # is no text in a database, so a value with one is no example

_FORM = r"""
    case
        when not regexp_matches(value, '\p{L}') then 'number'
        when regexp_full_match(value, '\p{L}+') then 'word'
        when regexp_full_match(value, '[\p{L}\p{N}]+') then 'code'
        else 'text'
    end"""
_DATE = r"([0-9]{4}[-/.][0-9]{2}[-/.][0-9]{2}([ T].*)?|[0-9]{2}[-/.][0-9]{2}[-/.][0-9]{4})"
# What _SEARCHABLE says of numbers without a separator, as fast as can be: keys are most of the values.
_NOT_A_SHORT_NUMBER = "(strlen(value) >= 12 or cast(try_cast(value as ubigint) as varchar) is distinct from value)"
_SEARCHABLE = rf"""
    length(regexp_replace(value, '[^\p{{L}}\p{{N}}]', '', 'g')) >= {SHORTEST}
    and case
        when regexp_full_match(value, '[0-9]+') then length(value) >= 12 or (value[1] = '0' and length(value) >= 9)
        when not regexp_matches(value, '\p{{L}}')
        then length(regexp_replace(value, '[^0-9]', '', 'g')) >= 9 and not regexp_full_match(value, '{_DATE}')
        else true
    end"""


@dataclass(frozen=True)
class Value:
    """A raw value, its form (`number`, `word`, `code` or `text`) and the column that it is of. Never to be shown."""

    text: str
    form: str
    column: RawColumn


def called(column: RawColumn) -> str:
    """What a column is called in results: `customers.email`."""
    return f"{column.relation.rsplit('.', 1)[-1].removeprefix('base_')}.{column.column}"


@dataclass(frozen=True)
class Text:
    """Text to search, with the number of its place. `is_database`: strings may lie side by side in it."""

    place: int
    text: str
    is_database: bool


def examples(connection: duckdb.DuckDBPyConnection, columns: Sequence[RawColumn]) -> list[Value]:
    """A value of each form of each column, where one is among its first ten thousand filled rows.

    Raises QueryFailed, message withheld, if a column cannot be read.
    """
    samples = [
        f"(select {number} as number, value from (select {column.text} as value from {column.source})"
        f" where value is not null limit {_SAMPLE})"
        for number, column in enumerate(columns)
    ]
    with withheld():
        rows = connection.execute(f"""
            with sample as ({" union all ".join(samples)})
            select number, min(value), {_FORM} as form
            from sample where {_SEARCHABLE} and not regexp_matches(value, '{_CONTROL}')
            group by number, form order by number, form""").fetchall()
    return [Value(text, form, columns[number]) for number, text, form in rows]


def find(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[RawColumn], texts: Sequence[Text]
) -> set[tuple[int, Value]]:
    """The raw values that the texts hold, each with the number of its place.

    Raises QueryFailed, message withheld, if a column cannot be read.
    """
    with withheld():
        # else the engine might hold the vault's values, and read the pieces past them (decision 0016)
        connection.execute("set disabled_optimizers = 'build_side_probe_side'")
        connection.execute("create or replace temp table pieces (piece ubigint)")
        for numbers in pieces("\0".join(lowered(text.text) for text in texts)):
            connection.register("parts", {"piece": numbers})
            connection.execute("insert into pieces select distinct piece from parts anti join pieces using (piece)")
            connection.unregister("parts")
    found: set[tuple[int, Value]] = set()
    for batch in _possible(connection, columns):
        found |= held(batch, texts)
    return found


def _possible(connection: duckdb.DuckDBPyConnection, columns: Sequence[RawColumn]) -> Iterator[list[Value]]:
    """The values whose first, middle and last eight bytes occur in the texts, in batches."""

    def piece(start: str) -> str:
        return f"cast(cast(content[{start} : {start} + {PIECE - 1}] as bit) as ubigint)"

    landed = [
        f"select {number} as number, value from (select {column.text} as value from {column.source})"
        f" where strlen(value) >= {PIECE} and {_NOT_A_SHORT_NUMBER}"
        for number, column in enumerate(columns)
    ]
    with withheld():
        connection.execute(f"""
            with landed as ({" union all ".join(landed)}),
            possible as (
                select number, value from (select *, encode(lower(value)) as content from landed)
                semi join pieces as first on {piece("1")} = first.piece
                semi join pieces as middle
                    on {piece(f"(1 + (octet_length(content) - {PIECE}) // 2)")} = middle.piece
                semi join pieces as last on {piece(f"(octet_length(content) - {PIECE - 1})")} = last.piece
            )
            select distinct number, value, {_FORM} from possible where {_SEARCHABLE}""")
        while rows := connection.fetchmany(_BATCH):
            yield [Value(text, form, columns[number]) for number, text, form in rows]


def held(values: Sequence[Value], texts: Sequence[Text]) -> set[tuple[int, Value]]:
    """Which of the values the texts hold, each with the number of the place."""
    words = [(form, value) for value in values if value.form == "word" for form in {value.text, value.text.upper()}]
    others = [(lowered(value.text), value) for value in values if value.form != "word"]
    found: set[tuple[int, Value]] = set()
    for patterns, folded in ((words, False), (others, True)):
        if not patterns:
            continue
        automaton = ahocorasick_rs.AhoCorasick([pattern for pattern, _ in patterns], store_patterns=False)
        for text in texts:
            content = lowered(text.text) if folded else text.text
            for number, start, end in automaton.find_matches_as_indexes(content, overlapping=True):
                value = patterns[number][1]
                if (text.is_database and value.form != "number") or _stands_alone(value.form, content, start, end):
                    found.add((text.place, value))
    return found


def _stands_alone(form: str, text: str, start: int, end: int) -> bool:
    if form == "text":
        return True
    before, behind = text[max(start - 2, 0) : start], text[end : end + 2]
    if before[-1:].isalnum() or behind[:1].isalnum():
        return False
    if form != "number":
        return True
    goes_on = len(behind) == 2 and behind[0] in _NUMBER_SEPARATORS and behind[1].isdigit()
    began_before = len(before) == 2 and before[1] in _NUMBER_SEPARATORS and before[0].isdigit()
    return not (goes_on or began_before)
