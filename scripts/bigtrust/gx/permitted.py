"""Which expectations a suite may use.

An expectation that reports what it observed (a minimum, a mean, the most common value) would copy data into results
and pages, so there is a list of those that report counts only; each of them is tested on DuckDB. The project's own
expectations are files beside the suites, `expectations/expect_*.py`.
"""

import difflib
import importlib.util
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

from great_expectations.expectations.registry import get_expectation_impl, list_registered_expectation_implementations

from bigtrust.errors import ConfigurationError

COUNTS_ONLY = frozenset(
    {
        "expect_column_pair_values_a_to_be_greater_than_b",
        "expect_column_pair_values_to_be_equal",
        "expect_column_to_exist",
        "expect_column_value_lengths_to_be_between",
        "expect_column_value_lengths_to_equal",
        "expect_column_values_to_be_between",
        "expect_column_values_to_be_in_set",
        "expect_column_values_to_be_null",
        "expect_column_values_to_be_unique",
        "expect_column_values_to_match_regex",
        "expect_column_values_to_not_be_in_set",
        "expect_column_values_to_not_be_null",
        "expect_column_values_to_not_match_regex",
        "expect_column_values_to_not_match_regex_list",
        "expect_compound_columns_to_be_unique",
        "expect_select_column_values_to_be_unique_within_record",
        "expect_table_columns_to_match_ordered_list",
        "expect_table_columns_to_match_set",
        "expect_table_row_count_to_be_between",
    }
)

# Great Expectations has defaults for these with which an expectation would hold for anything.
_AT_LEAST_ONE_OF = {
    "expect_column_value_lengths_to_be_between": ("min_value", "max_value"),
    "expect_column_values_to_be_between": ("min_value", "max_value"),
    "expect_column_values_to_match_regex": ("regex",),
    "expect_table_columns_to_match_ordered_list": ("column_list",),
    "expect_table_columns_to_match_set": ("column_set",),
    "expect_table_row_count_to_be_between": ("min_value", "max_value"),
}

# What a suite must not say, with what stands for it while a suite is read.
GIVEN_BY_THE_RUN = {"today": "2000-01-01", "k": 2}

_NOT_ARGUMENTS = frozenset(
    {"batch_id", "catch_exceptions", "condition_parser", "description", "id", "meta", "mostly", "notes"}
    | {"rendered_content", "result_format", "row_condition", "severity", "windows"}
)


def load_custom_expectations(folder: Path) -> frozenset[str]:
    """Import the project's own expectations, `expect_*.py` in the folder; give their names. Each is imported once.

    Raises ConfigurationError if a file does not define the expectation that it is named after.
    """
    names = sorted(path.stem for path in folder.glob("expect_*.py"))
    for name in names:
        module_name = f"bigtrust_{name}"
        if module_name in sys.modules:
            continue
        spec = importlib.util.spec_from_file_location(module_name, folder / f"{name}.py")
        if spec is None or spec.loader is None:
            raise ConfigurationError(f"{folder / name}.py cannot be imported.")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        if name not in list_registered_expectation_implementations():
            raise ConfigurationError(f"{folder / name}.py does not define the expectation {name}.")
        sys.modules[module_name] = module
    return frozenset(names)


def require_permitted(name: str, custom: Collection[str], where: str) -> None:
    """Raise ConfigurationError, beginning with `where`, if a suite may not use the expectation."""
    permitted = COUNTS_ONLY | set(custom)
    if name in permitted:
        return
    if name in list_registered_expectation_implementations():
        raise ConfigurationError(
            f"{where}: {name} is not permitted, its result would show values or is not tested on DuckDB. "
            f"Permitted: {', '.join(sorted(permitted))}."
        )
    raise ConfigurationError(f"{where}: there is no expectation {name}.{nearest(name, permitted)}")


def require_arguments(name: str, arguments: dict[str, Any], where: str) -> None:
    """Raise ConfigurationError, beginning with `where`, if arguments are unknown, missing or of the wrong type."""
    expectation: Any = get_expectation_impl(name)
    fields = {key: field for key, field in expectation.__fields__.items() if key not in _NOT_ARGUMENTS}
    for key in arguments:
        if key in GIVEN_BY_THE_RUN:
            raise ConfigurationError(f"{where}: {key} is given by the run. Remove it from the suite.")
        if key == "mostly":
            raise ConfigurationError(f"{where}: mostly is not permitted, a rule holds for every row. Remove it.")
        if key not in fields:
            raise ConfigurationError(f"{where}: {name} has no argument {key}.{nearest(key, fields)}")
    for key, field in fields.items():
        if field.required and key not in arguments and key not in GIVEN_BY_THE_RUN:
            raise ConfigurationError(f"{where}: {name} needs the argument {key}.")
    one_of = _AT_LEAST_ONE_OF.get(name, ())
    if one_of and not any(key in arguments for key in one_of):
        raise ConfigurationError(f"{where}: {name} needs the argument {' or '.join(one_of)}.")
    for key, value in arguments.items():
        if value is None or value == []:
            raise ConfigurationError(f"{where}: {key} of {name} is empty.")
    placeholders = {key: value for key, value in GIVEN_BY_THE_RUN.items() if key in fields}
    try:
        expectation(**arguments, **placeholders)
    except ValueError as error:
        details: Any = getattr(error, "errors", list)()
        wrong = ", ".join(sorted({str(detail["loc"][0]) for detail in details})) or "arguments"
        raise ConfigurationError(f"{where}: {wrong} of {name} cannot be used as written.") from None


def nearest(name: str, names: Collection[str]) -> str:
    """A hint for a message: the nearest of the valid names, or all of them."""
    close = difflib.get_close_matches(name, sorted(names), n=1)
    if close:
        return f" Did you mean {close[0]}?"
    return f" Valid: {', '.join(sorted(names))}." if len(names) <= 20 else ""
