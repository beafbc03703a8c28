"""What a rule of a written suite says in a sentence, what it counts, and what to do when it fails."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from great_expectations.expectations.registry import get_expectation_impl

from bigtrust.gx.permitted import GIVEN_BY_THE_RUN
from bigtrust.gx.suites import Rule, Suite
from bigtrust.registry import Check

_LISTED = 13  # longer lists of values are read in the suite


@dataclass(frozen=True)
class Wording:
    """How an expectation is worded. `{name}` in the sentence stands for an argument of that name."""

    sentence: str
    counted: str
    remedy: str


_VALUES, _ROWS, _COLUMNS = "values that are not null", "rows", "columns"
_REPAIR = "Look at how the protected model makes the column, and at the values that landing delivers."
_REVIEW = "Decide whether the column may be published. If so, list it in the suite; if not, leave it out of the model."
_CLOSE = (
    "If a code is missing in the list, add it to the macro call in the protected model and to the suite. If the value "
    "is a text, it does not belong there."
)
_JOIN = "A join in the model multiplies rows, or the source delivers a key twice: look at what the model joins."

WORDINGS = {
    "expect_column_pair_values_a_to_be_greater_than_b": Wording(
        "Every {column_A} is greater than the {column_B} of its row.", _ROWS, _REPAIR
    ),
    "expect_column_pair_values_to_be_equal": Wording(
        "Every {column_A} is equal to the {column_B} of its row.", _ROWS, _REPAIR
    ),
    "expect_column_to_exist": Wording("There is a column {column}.", _COLUMNS, _REVIEW),
    "expect_column_value_lengths_to_be_between": Wording("Every {column} has {bounds} characters.", _VALUES, _REPAIR),
    "expect_column_value_lengths_to_equal": Wording("Every {column} has {value} characters.", _VALUES, _REPAIR),
    "expect_column_values_to_be_between": Wording("Every {column} is {bounds}.", _VALUES, _REPAIR),
    "expect_column_values_to_be_in_set": Wording("Every {column} is one of {value_set}.", _VALUES, _CLOSE),
    "expect_column_values_to_be_null": Wording("Every {column} is empty.", _ROWS, _REPAIR),
    "expect_column_values_to_be_unique": Wording("No {column} is there twice.", _VALUES, _JOIN),
    "expect_column_values_to_match_regex": Wording("Every {column} is of the form {regex}.", _VALUES, _REPAIR),
    "expect_column_values_to_not_be_in_set": Wording("No {column} is one of {value_set}.", _VALUES, _REPAIR),
    "expect_column_values_to_not_be_null": Wording("No {column} is missing.", _ROWS, _REPAIR),
    "expect_column_values_to_not_match_regex": Wording("No {column} is of the form {regex}.", _VALUES, _REPAIR),
    "expect_column_values_to_not_match_regex_list": Wording(
        "No {column} is of one of the forms {regex_list}.", _VALUES, _REPAIR
    ),
    "expect_compound_columns_to_be_unique": Wording(
        "No two rows have the same values of {column_list} together.", _ROWS, _JOIN
    ),
    "expect_select_column_values_to_be_unique_within_record": Wording(
        "No row has the same value in two of {column_list}.", _ROWS, _REPAIR
    ),
    "expect_table_columns_to_match_ordered_list": Wording(
        "The columns are exactly {column_list}, in this order.", _COLUMNS, _REVIEW
    ),
    "expect_table_columns_to_match_set": Wording("The columns are exactly {column_set}.", _COLUMNS, _REVIEW),
    "expect_table_row_count_to_be_between": Wording("There are {bounds} rows.", _ROWS, _REPAIR),
}


def written_checks(suites: Sequence[Suite]) -> list[Check]:
    """The checks of written suites, one per code, in the order of their codes.

    The sentence begins with the relations that have the rule: a code says the same wherever it stands.
    """
    rules: dict[str, Rule] = {}
    names: dict[str, dict[str, None]] = {}
    for suite in suites:
        for rule in suite.rules:
            rules.setdefault(rule.code, rule)
            names.setdefault(rule.code, {})[suite.relation.split(".")[-1]] = None
    return [_check(rule, ", ".join(names[code])) for code, rule in sorted(rules.items())]


def wording(expectation: str) -> Wording:
    """How an expectation is worded; one of the project's own says it itself."""
    if expectation in WORDINGS:
        return WORDINGS[expectation]
    return Wording("", "what the expectation says that it counts", f"See the remedy in expectations/{expectation}.py.")


def _check(rule: Rule, where: str) -> Check:
    worded = wording(rule.expectation)
    sentence = worded.sentence.format(**_arguments(rule.arguments)) if worded.sentence else _own_sentence(rule)
    return Check(
        code=rule.code,
        kind="data",
        sentence=f"{where}: {sentence}",
        counted=worded.counted,
        reason=rule.because,
        remedy=worded.remedy,
        severity=cast(Any, rule.severity),
    )


def _own_sentence(rule: Rule) -> str:
    expectation: Any = get_expectation_impl(rule.expectation)
    arguments = {name: str(value) for name, value in rule.arguments.items()}
    sentence = str(expectation._sentence(arguments))
    for name, value in {**arguments, **dict.fromkeys(GIVEN_BY_THE_RUN, "today")}.items():
        sentence = sentence.replace(f"${name}", value)
    return sentence


def _arguments(arguments: dict[str, Any]) -> dict[str, str]:
    worded = {name: _worded(name, value) for name, value in arguments.items()}
    low, high = arguments.get("min_value"), arguments.get("max_value")
    if low is not None and low == high:
        bounds = f"{low}"
    elif low is not None and high is not None:
        bounds = f"from {low} to {high}"
    else:
        bounds = f"at least {low}" if high is None else f"at most {high}"
    return {**worded, "bounds": bounds}


def _worded(name: str, value: Any) -> str:
    if not isinstance(value, list):
        return str(value)
    if name == "value_set" and len(value) > _LISTED:
        return f"{len(value)} values that the suite lists"
    return ", ".join(map(str, value))
