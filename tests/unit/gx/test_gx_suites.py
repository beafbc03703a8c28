"""Suites are read strictly: what is misspelled stops the run and is named."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from gx_shop import Shop

from bigtrust.errors import ConfigurationError
from bigtrust.gx.suites import load_suites, published_relations, require_suites

WriteSuites = Callable[[Mapping[str, str]], Path]

PATH = "analytics/marts/customers.yml"
GOOD = r"""
relation: analytics.marts.customers
needs: [customers]
expectations:
  - expect_column_values_to_match_regex: {column: country, regex: '^[A-Z]{2}$'}
    code: CUS-01
    because: A country is a two-letter code, so nothing else can hide in it.
    needs: [customers.country]
  - expect_column_values_to_be_in_set: {column: country, value_set: [FR, NO]}
    code: CUS-02
    because: These are the countries that the retailer delivers to.
    severity: warning
  - expect_table_to_hold_rows:
    code: CUS-03
    because: There are customers.
"""
RELATIONS = {"analytics.marts.customers", "analytics.marts.returns"}
LANDING = {"customers", "customers.country", "returns"}


def test_a_suite_reads_as_it_is_written(write_suites: WriteSuites) -> None:
    folder = write_suites({PATH: GOOD})
    (suite,) = load_suites(folder, relations=RELATIONS, landing=LANDING)
    first, second, third = suite.rules
    assert (suite.relation, suite.publication, suite.origin) == ("analytics.marts.customers", "analytics", "written")
    assert (first.code, first.needs, first.severity) == ("CUS-01", ("customers.country",), "critical")
    assert first.arguments == {"column": "country", "regex": "^[A-Z]{2}$"}
    assert (second.arguments["value_set"], second.needs, second.severity) == (["FR", "NO"], ("customers",), "warning")
    assert third.arguments == {}


MISTAKES = {
    "unknown key": ("needs: [customers]", "need: [customers]", "unknown key need. Did you mean needs?"),
    "unknown key of an expectation": ("severity:", "severty:", "unknown key severty. Did you mean severity?"),
    "key twice": ("code: CUS-02", "code: CUS-02\n    code: CUS-04", "key code twice"),
    "misspelled expectation": (
        "_to_match_regex:",
        "_to_match_regexp:",
        "Did you mean expect_column_values_to_match_regex?",
    ),
    "no expectation": (
        "expect_column_values_to_match_regex: {column: country, regex: '^[A-Z]{2}$'}\n    ",
        "",
        "exactly one",
    ),
    "unknown relation": (
        "analytics.marts.customers",
        "analytics.marts.customer",
        "Did you mean analytics.marts.customers?",
    ),
    "another relation": ("analytics.marts.customers", "analytics.marts.returns", "belongs into"),
    "unknown need": ("[customers]", "[customer]", "landing has no customer. Did you mean customers?"),
    "needs no list": ("[customers]", "customers", "needs is a list"),
    "missing code": ("code: CUS-01", "severity: critical", "code is missing"),
    "code of another form": ("code: CUS-01", "code: first", "code is missing or not of the form"),
    "code of the baseline": ("code: CUS-01", "code: RAW-01", "belongs to a check of the project"),
    "code twice": ("code: CUS-02", "code: CUS-01", "code: CUS-01 is used twice"),
    "missing reason": ("because: There are customers.", "severity: critical", "because is missing"),
    "unknown severity": ("severity: warning", "severity: info", "severity must be one of critical, warning"),
    "unknown argument": ("regex: '^", "regexp: '^", "has no argument regexp. Did you mean regex?"),
    "missing argument": ("{column: country, regex: '^[A-Z]{2}$'}", "{column: country}", "needs the argument regex"),
    "empty argument": (
        "value_set: [FR, NO]",
        "value_set: []",
        "value_set of expect_column_values_to_be_in_set is empty",
    ),
    "argument of the wrong type": ("regex: '^[A-Z]{2}$'", "regex: [1]", "regex of expect_column_values_to_match_regex"),
    "most rows only": ("regex: '^", "mostly: 0.9, regex: '^", "mostly is not permitted"),
    "an observed value": (
        "expect_table_to_hold_rows:",
        "expect_column_max_to_be_between: {column: n}",
        "is not permitted",
    ),
    "a query": (
        "expect_table_to_hold_rows:",
        "unexpected_rows_expectation:",
        "unknown key unexpected_rows_expectation",
    ),
    "no YAML": ("needs: [customers]", "needs: [customers", "not readable as YAML"),
    "no mapping": ("relation: analytics.marts.customers", "- x", "not readable as YAML"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_a_suite_is_named_with_its_file(write_suites: WriteSuites, mistake: str) -> None:
    right, wrong, message = MISTAKES[mistake]
    assert right in GOOD
    folder = write_suites({PATH: GOOD.replace(right, wrong, 1)})
    with pytest.raises(ConfigurationError) as error:
        load_suites(folder, relations=RELATIONS, landing=LANDING)
    assert str(folder / PATH) in str(error.value)
    assert message in str(error.value)


@pytest.mark.parametrize("expectations", ["", "expectations:", "expectations: []"])
def test_a_suite_without_expectations_is_refused(write_suites: WriteSuites, expectations: str) -> None:
    folder = write_suites({PATH: f"relation: analytics.marts.customers\n{expectations}\n"})
    with pytest.raises(ConfigurationError, match="expectations is missing or empty"):
        load_suites(folder, relations=RELATIONS)


def test_two_suites_for_one_relation_are_refused(write_suites: WriteSuites) -> None:
    folder = write_suites({PATH: GOOD, "analytics/marts/more.yml": GOOD})
    with pytest.raises(ConfigurationError, match=r"is a suite of analytics\.marts\.customers already"):
        load_suites(folder, relations=RELATIONS)


def test_a_code_means_the_same_in_every_suite(write_suites: WriteSuites) -> None:
    other = GOOD.replace("marts.customers", "marts.returns")
    assert len(load_suites(write_suites({PATH: GOOD, "analytics/marts/returns.yml": other}), relations=RELATIONS)) == 2
    write_suites({"analytics/marts/returns.yml": other.replace("{2}", "{3}")})
    with pytest.raises(ConfigurationError, match="CUS-01 already stands for another rule"):
        load_suites(write_suites({}), relations=RELATIONS)


def test_what_the_run_gives_is_not_for_a_suite_to_say(write_suites: WriteSuites) -> None:
    rule = "expect_table_to_hold_only_rows_within_retention"
    folder = write_suites({PATH: GOOD.replace("expect_table_to_hold_rows:", f"{rule}: {{today: 2020-01-01}}")})
    with pytest.raises(ConfigurationError, match="today is given by the run"):
        load_suites(folder, relations=RELATIONS)
    write_suites({PATH: GOOD.replace("expect_table_to_hold_rows:", f"{rule}:")})
    assert load_suites(folder, relations=RELATIONS)[0].rules[2].arguments == {}


def test_a_relation_without_a_suite_stops_the_run(shop: Shop, write_suites: WriteSuites) -> None:
    shop.publish("""
        create table protected.customers as select 1 as one;
        create view marts.customers as select * from protected.customers;
        create table main.scratch as select 1 as one""")
    relations = published_relations(shop.publications)
    assert relations == {"analytics.marts.customers", "analytics.protected.customers"}
    suites = load_suites(write_suites({PATH: GOOD}), relations=relations)
    with pytest.raises(ConfigurationError) as error:
        require_suites(relations, suites, Path("expectations"))
    assert "analytics.protected.customers has no suite" in str(error.value)
    assert "Write expectations/analytics/protected/customers.yml" in str(error.value)
    require_suites({"analytics.marts.customers"}, suites)
