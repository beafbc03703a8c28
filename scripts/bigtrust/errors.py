"""Exit codes and the errors that carry them.

Every error is one sentence that says what is wrong, where, and what to do. It names tables, columns, files and
settings; it never quotes a value from the data.
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of every command."""

    DONE = 0
    CHECK_FAILED = 1
    CONFIGURATION = 2
    UNUSABLE_INPUT = 3
    LOCKED = 4


class BigTrustError(Exception):
    """Base of all errors that a user is meant to read. Printed as one line, never as a traceback."""

    exit_code: ExitCode = ExitCode.CONFIGURATION


class ConfigurationError(BigTrustError):
    """A setting, a secret, a policy table or the project itself is wrong."""


class InputError(BigTrustError):
    """The landing data or the register cannot be used as it is."""

    exit_code = ExitCode.UNUSABLE_INPUT


class CheckFailed(BigTrustError):
    """A check failed; nothing was published."""

    exit_code = ExitCode.CHECK_FAILED


class LockedError(BigTrustError):
    """Another run holds the lock."""

    exit_code = ExitCode.LOCKED


def unexpected(error: BaseException) -> BigTrustError:
    """Return the error to show for a defect of ours: where it happened, and no message, which may quote data."""
    place = "bigtrust"
    trace = error.__traceback__
    while trace is not None:
        module = str(trace.tb_frame.f_globals.get("__name__", ""))
        if module.startswith("bigtrust"):
            place = f"{module} line {trace.tb_lineno}"
        trace = trace.tb_next
    return BigTrustError(
        f"Unexpected {type(error).__name__} in {place} (details withheld, they may quote data). Please report this "
        "line; nothing half-done was published."
    )
