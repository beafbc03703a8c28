"""What a build reads: the landing tables, the register, and the plan of what of them is new.

`bigtrust run` reads this once and hands it to dbt, which runs in the same process; plain dbt reads it by itself, and
then builds everything anew.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bigtrust import changes, contract, landing, register
from bigtrust.changes import Plan
from bigtrust.settings import Settings

_handed_over: list["Inputs"] = []


@dataclass(frozen=True)
class Inputs:
    """The landing tables by name, the requests of the register by the name of their file, and the plan."""

    tables: dict[str, landing.LandingTable]
    requests: dict[str, register.Request]
    plan: Plan


def read(settings: Settings, *, full_refresh: bool = True) -> Inputs:
    """Inspect the landing folder and the register. Raises InputError for the first thing that is wrong."""
    tables = landing.inspect(settings.landing, contract.load(settings.project))
    requests = register.read(settings.register)
    register.require_complete(requests, settings.seen_requests)
    delivered = changes.manifest(tables)
    return Inputs(tables, requests, changes.plan(settings, delivered, full_refresh=full_refresh))


@contextmanager
def hand_over(inputs: Inputs) -> Iterator[None]:
    """Let dbt, in this process, use what was read."""
    _handed_over.append(inputs)
    try:
        yield
    finally:
        _handed_over.pop()


def handed_over() -> Inputs | None:
    """What `bigtrust run` has read; None under plain dbt."""
    return _handed_over[-1] if _handed_over else None
