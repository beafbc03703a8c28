"""The baseline follows from dbt's manifest."""

from typing import Any

import pytest

from bigtrust.errors import ConfigurationError
from bigtrust.gx.baseline import baseline_suites


def model(
    database: str = "analytics", materialized: str = "view", meta: Any = None, **columns: dict[str, Any]
) -> dict[str, Any]:
    return {
        "resource_type": "model",
        "name": "analytics__customers",
        "alias": "customers",
        "database": database,
        "schema": "marts",
        "config": {"materialized": materialized, "meta": {"needs": ["customers"], **(meta or {})}},
        "columns": columns,
    }


PSEUDONYM = {"data_type": "uuid", "config": {"meta": {"treatment": "pseudonym"}}}
NULLABLE = {"data_type": "uuid", "config": {"meta": {"treatment": "pseudonym", "nullable": True}}}


def codes(*models: dict[str, Any]) -> list[str]:
    (suite,) = baseline_suites({"nodes": {str(number): node for number, node in enumerate(models)}})
    return [rule.code for rule in suite.rules]


def test_every_model_gets_the_whole_baseline() -> None:
    node = model(b=PSEUDONYM, a=NULLABLE, country={"data_type": "varchar"}, visible_until={"data_type": "date"})
    (suite,) = baseline_suites({"nodes": {"x": node, "test": {"resource_type": "test"}}})
    assert (suite.relation, suite.origin) == ("analytics.marts.customers", "baseline")
    assert [rule.code for rule in suite.rules] == [
        *("COL-01", "ROW-01", "RAW-01", "PSE-02", "PAT-01", "PAT-02", "PAT-03", "PAT-04", "PAT-05", "PAT-06", "PAT-07"),
        *("PSE-01", "PSE-01", "RET-01"),
    ]
    arguments = [rule.arguments for rule in suite.rules]
    assert arguments[0] == {"column_list": ["b", "a", "country", "visible_until"]}
    assert arguments[11:] == [{"column": "b"}, {"column": "a", "nullable": True}, {"column": "visible_until"}]
    assert {rule.needs for rule in suite.rules} == {("customers",)}


def test_patterns_are_looked_for_wherever_a_text_could_be() -> None:
    assert codes(model(n={"data_type": "decimal(18, 2)"}, p={"data_type": "uuid"})) == [
        *("COL-01", "ROW-01", "RAW-01", "PSE-02")
    ]
    assert codes(model(n={"data_type": "date"})) == ["COL-01", "ROW-01"]
    for data_type in ("text", "struct(a integer)", "varchar[]", "json", "blob", None):
        assert "PAT-07" in codes(model(n={"data_type": data_type}))


def test_persons_who_are_alike_are_counted_by_all_generalised_columns() -> None:
    node = model(
        person_pseudonym=PSEUDONYM,
        region={"data_type": "varchar", "config": {"meta": {"treatment": "postal_area"}}},
        note={"data_type": "varchar"},
        since={"data_type": "date", "config": {"meta": {"treatment": "month"}}},
    )
    (suite,) = baseline_suites({"nodes": {"x": node}})
    (rule,) = [rule for rule in suite.rules if rule.code == "KAN-01"]
    assert (rule.arguments, rule.needs) == ({"columns": ["region", "since"]}, ("customers.k_persons",))


def test_who_is_alike_is_counted_only_where_persons_are() -> None:
    assert "KAN-01" not in codes(
        model(region={"data_type": "varchar", "config": {"meta": {"treatment": "postal_area"}}})
    )


def test_models_outside_of_the_publications_and_ephemeral_ones_have_none() -> None:
    nodes = {"1": model("vault", a=PSEUDONYM), "2": model(materialized="ephemeral", a=PSEUDONYM)}
    assert baseline_suites({"nodes": nodes}) == []


def test_a_model_without_columns_stops_the_run() -> None:
    with pytest.raises(ConfigurationError, match="has no columns in YAML"):
        codes(model())


def aggregate(cells: list[str] | None) -> dict[str, Any]:
    node = model(
        "insights", sold_month={"data_type": "date"}, region={"data_type": "varchar"}, n={"data_type": "bigint"}
    )
    node["alias"] = "sales"
    if cells is not None:
        node["config"]["meta"]["cells"] = cells
    return node


def test_the_cells_of_aggregates_are_counted() -> None:
    assert codes(aggregate(["sold_month", "region"]))[-3:] == ["CEL-01", "CEL-02", "CEL-03"]
    assert codes(aggregate(["sold_month"]))[-2:] == ["CEL-01", "CEL-03"]  # nothing is divided, nothing left out
    assert not {"CEL-01", "CEL-02"} & {*codes(model(a=PSEUDONYM))}


@pytest.mark.parametrize("cells", [None, [], ["store"], ["sold_month", "category_id"]])
def test_an_aggregate_in_which_nobody_can_count_persons_stops_the_run(cells: list[str] | None) -> None:
    with pytest.raises(ConfigurationError, match="must name as `cells`"):
        codes(aggregate(cells))
