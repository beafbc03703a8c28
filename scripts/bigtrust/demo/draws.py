"""Draws: random numbers that depend on the seed and on what they decide, never on the order of the rows.

Every draw is a hash of a key, a word for what is drawn, and the seed. A whole column is drawn in one query, and the
same seed gives the same landing files, byte for byte. Choices with weights are spread over numbered slots: a draw
picks a slot, and a join finds the choice.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

SLOTS = 4096

MACROS = """
-- draw: uniform in [0, 1). The outer hash mixes: the inner one combines its arguments with xor alone.
create macro draw(key, word) as (hash(hash(key, word, {seed})) >> 11)::double / 9007199254740992;
create macro slot(key, word) as floor(draw(key, word) * {slots})::integer;
create macro whole(key, word, size) as floor(draw(key, word) * size)::bigint;
create macro pick(key, word, options) as options[1 + floor(draw(key, word) * len(options))::integer];
-- bell: standard normal (Box and Muller, 1958).
create macro bell(key, word) as
    sqrt(-2 * ln(1 - draw(key, word))) * cos(2 * pi() * draw(key, word || ' angle'));
create macro seconds(amount) as to_seconds(floor(amount)::bigint);

-- Ways of writing a time that is meant in Europe/Paris.
create macro local_text(moment) as strftime(moment, '%Y-%m-%d %H:%M:%S');
create macro in_utc(moment) as timezone('UTC', timezone('Europe/Paris', moment));
create macro utc_text(moment) as strftime(in_utc(moment), '%Y-%m-%dT%H:%M:%SZ');
create macro offset_text(moment) as
    strftime(moment, '%Y-%m-%dT%H:%M:%S') || printf('+%02d:00', date_diff('hour', in_utc(moment), moment));

-- v4_address: in the range for benchmarks, 198.18.0.0/15.
create macro v4_address(key, word) as
    '198.' || (18 + whole(key, word, 2))
    || '.' || whole(key, word || ' third', 256)
    || '.' || whole(key, word || ' last', 256);
-- web_word: as it would stand in an address or before the @ of one.
create macro web_word(words) as
    trim(regexp_replace(lower(strip_accents(words)), '[^a-z0-9]+', '-', 'g'), '-');
"""


def spread(weights: Sequence[float] | np.ndarray[Any, Any], size: int = SLOTS) -> list[int]:
    """Spread choices over `size` slots in proportion to their weights; returns the choice of each slot."""
    shares = np.cumsum(np.asarray(weights, dtype=float))
    middles = (np.arange(size) + 0.5) / size * shares[-1]
    return [int(choice) for choice in np.searchsorted(shares, middles, side="right")]


def pool(connection: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, Sequence[Any]]) -> None:
    """Create a small table from lists of equal length, one per column."""
    values = ", ".join(f"unnest(${place}) as {name}" for place, name in enumerate(columns, start=1))
    connection.execute(f"create table {table} as select {values}", list(map(list, columns.values())))


@contextmanager
def workshop(seed: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """A temporary database with the macros of this module.

    One thread, because the order of rows must not depend on the machine; on disk, so that memory is bounded.
    Joins run as they are written, the larger side first: reordered, they meet an error inside DuckDB 2.0.0
    (github.com/duckdb/duckdb/issues/24807).
    """
    with tempfile.TemporaryDirectory(prefix="bigtrust-demo-") as folder:
        settings: dict[str, str | bool | int | float | list[str]] = {
            "threads": 1,
            "memory_limit": "1500MB",
            "temp_directory": folder,
            "disabled_optimizers": "join_order,build_side_probe_side",
        }
        with duckdb.connect(Path(folder) / "demo.duckdb", config=settings) as connection:
            connection.execute("set timezone = 'UTC'")
            connection.execute(MACROS.format(seed=int(seed), slots=SLOTS))
            yield connection
