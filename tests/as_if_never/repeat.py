"""What dbt did in a build from nothing, done again on other landing files without dbt.

Most of a small build's time is dbt's: it renders a hundred models, and the text comes out the same for the same models
and policy, whatever has landed. So its statements are kept, with what it read back from the database, and executed
again in the warehouse of another build. There, all that dbt read must be the same: so dbt, too, would have written the
same statements. What cannot be repeated so is an error, never another result.

The day that a build compares with stands in the statements as text, and is replaced (`on`). That nothing else depends
on it is not taken for granted: builds.py has dbt build two days, and compares the statements.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from unittest.mock import patch

from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.environments.local import LocalEnvironment

from bigtrust.settings import Settings


@dataclass
class Call:
    """A call of a method of a cursor (by its number), and the rows that it gave, if it read: as text, sorted."""

    cursor: int
    method: str
    arguments: tuple[Any, ...]
    rows: list[str] | None = None


@dataclass
class Recording:
    """The calls of a build in their order, and what connected it to its databases."""

    settings: Settings
    calls: list[Call] = field(default_factory=list)
    credentials: DuckDBCredentials | None = None
    cursors: int = 0

    def on(self, day: date | None) -> list[Call]:
        """The calls as they are when a build compares with that day."""
        before, now = f"'{self.settings.as_of}'", f"'{day}'"
        return [
            replace(call, arguments=(call.arguments[0].replace(before, now), *call.arguments[1:]))
            if call.method == "execute"
            else call
            for call in self.calls
        ]

    def repeat(self, settings: Settings) -> None:
        """Do in the warehouse of `settings`, and on its day, what was done."""
        credentials = copy.deepcopy(self.credentials)
        assert credentials is not None, "nothing was recorded"
        before, now = str(self.settings.warehouse), str(settings.warehouse)
        credentials.path = credentials.path.replace(before, now)
        for attachment in credentials.attach or []:
            attachment.path = attachment.path.replace(before, now)
        options = credentials.config_options or {}
        credentials.config_options = {name: str(value).replace(before, now) for name, value in options.items()}
        variables = {
            **settings.environment(),
            "BIGTRUST_RUN": "1",
            "BIGTRUST_LOCK_IS_HELD": "yes",
            "BIGTRUST_RECORD_ONLY": "no",
            "BIGTRUST_CHANGES": "no",
        }
        with patch.dict(os.environ, variables):
            environment = LocalEnvironment(credentials)
            try:
                cursors = [environment.handle().cursor() for _ in range(self.cursors)]
                for call in self.on(settings.as_of):
                    given = getattr(cursors[call.cursor], call.method)(*call.arguments)
                    if call.rows is not None and sorted(map(repr, given)) != call.rows:
                        raise AssertionError(f"dbt read something else, it could write other SQL: {given}, {call.rows}")
                for cursor in cursors:
                    cursor.close()
            finally:
                environment.close()


@contextmanager
def recorded(settings: Settings) -> Iterator[Recording]:
    """Record what dbt does in the meantime, with these settings and in one thread."""
    recording = Recording(settings)
    initialize = LocalEnvironment.initialize_cursor

    def initialize_cursor(credentials: DuckDBCredentials, cursor: Any, *others: Any) -> _Cursor:
        recording.credentials = credentials
        recording.cursors += 1
        return _Cursor(recording, initialize(credentials, cursor, *others), recording.cursors - 1)

    with patch.object(LocalEnvironment, "initialize_cursor", staticmethod(initialize_cursor)):
        yield recording


class _Cursor:
    """A cursor that writes down what is asked of it."""

    def __init__(self, recording: Recording, cursor: Any, number: int) -> None:
        self._recording, self._cursor, self._number = recording, cursor, number

    def execute(self, *arguments: Any) -> _Cursor:
        self._do("execute", arguments)
        return self

    def fetchall(self) -> Any:
        return self._read("fetchall", ())

    def fetchmany(self, *arguments: Any) -> Any:
        return self._read("fetchmany", arguments)

    def rollback(self) -> None:
        self._do("rollback", ())

    def close(self) -> None:
        """What is closed is closed in the end, when it is repeated; what was not committed is rolled back."""
        self._cursor.close()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("fetch"):
            raise AttributeError(f"{name} is not recorded")
        return getattr(self._cursor, name)

    def _do(self, method: str, arguments: tuple[Any, ...]) -> Any:
        given = getattr(self._cursor, method)(*arguments)
        self._recording.calls.append(Call(self._number, method, arguments))
        return given

    def _read(self, method: str, arguments: tuple[Any, ...]) -> Any:
        rows = self._do(method, arguments)
        # dbt asks for no order where it lists what there is, and two builds may be given two
        self._recording.calls[-1].rows = sorted(map(repr, rows))
        return rows
