"""The baseline: what every relation of a publication must satisfy, generated from dbt's manifest.

COL-01 exactly these columns; RAW-01 no raw value; PAT-01 to PAT-07 nothing that looks like personal data; PSE-01
pseudonyms are well-formed; PSE-02 nothing is an unkeyed hash of an identifier; CEL-01 to CEL-03 aggregates describe
enough persons, also by what they leave out, and are not nearly all of one; RET-01 nothing kept for too long; RET-02 a
mart shows what is visible; ROW-01 there are rows; KAN-01 nobody is one of fewer than k.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from bigtrust.errors import ConfigurationError
from bigtrust.gx.cells import DIMENSIONS
from bigtrust.gx.columns import Kind, kind
from bigtrust.gx.patterns import PATTERNS
from bigtrust.gx.suites import Rule, Suite
from bigtrust.lineage.declared import GENERALISING
from bigtrust.settings import PUBLICATIONS

_MAY_HOLD_TEXT = (Kind.TEXT, Kind.NESTED, Kind.OPAQUE)
_PERSON = "person_pseudonym"
_AGGREGATES_ONLY = ("insights",)  # publications


def baseline_suites(manifest: Mapping[str, Any], publications: Collection[str] = PUBLICATIONS) -> list[Suite]:
    """A baseline suite for each model in the database of a publication, sorted by relation.

    `manifest` is dbt's manifest.json. Read are a model's `columns` (in YAML order, with `data_type` and
    `config.meta`: `treatment`, `issued_in`, `nullable: true`) and its `config.meta`: `needs` and `cells`, the columns
    that an aggregate is grouped by. Ephemeral models are no relations. Raises ConfigurationError if a model has no
    columns, or if nobody can count the persons in the cells of an aggregate. FLW-06 fails if a `treatment` is missing.
    """
    models = [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
        and node["database"] in publications
        and node["config"].get("materialized") != "ephemeral"
    ]
    protected = {(model["database"], _name(model)): model for model in models if model["schema"] == "protected"}
    suites = []
    for model in models:
        beneath = protected.get((model["database"], _name(model))) if model["schema"] == "marts" else None
        suites.append(baseline_suite(model, beneath))
    return sorted(suites, key=lambda suite: suite.relation)


def baseline_suite(model: Mapping[str, Any], protected: Mapping[str, Any] | None = None) -> Suite:
    """The baseline suite of one model node of dbt's manifest; `protected` is the table beneath it if it is a mart."""
    relation = f"{model['database']}.{model['schema']}.{_name(model)}"
    if not model["columns"]:
        raise ConfigurationError(
            f"{relation}: the model {model['name']} has no columns in YAML. List each column with its data_type."
        )
    if model["database"] in _AGGREGATES_ONLY and _name(model) != "about":
        _require_cells(model, relation)
    return Suite(relation, tuple(_rules(model, protected)), "baseline")


def _require_cells(model: Mapping[str, Any], relation: str) -> None:
    cells = _meta(model).get("cells") or []
    if not cells or not set(cells) <= {*DIMENSIONS} & set(model["columns"]):
        raise ConfigurationError(
            f"{relation}: the meta of the model {model['name']} must name as `cells` the columns it is grouped by: "
            f"the checks count the persons in them. They can by {', '.join(DIMENSIONS)}."
        )


def _name(model: Mapping[str, Any]) -> str:
    return str(model.get("alias") or model["name"])


def _rules(model: Mapping[str, Any], protected: Mapping[str, Any] | None) -> Iterator[Rule]:
    columns: Mapping[str, Any] = model["columns"]
    needs = tuple(_meta(model).get("needs", ()))

    def rule(code: str, expectation: str, because: str, **arguments: Any) -> Rule:
        return Rule(code, expectation, arguments, because, needs)

    yield rule(
        "COL-01",
        "expect_table_columns_to_match_ordered_list",
        "What is not listed does not exist: a new column is reviewed before anybody reads it.",
        column_list=list(columns),
    )
    yield rule("ROW-01", "expect_table_to_hold_rows", "An empty relation passes every rule about its content.")
    kinds = {_kind(column) for column in columns.values()}
    if kinds != {Kind.WITHOUT_TEXT}:
        yield rule(
            "RAW-01",
            "expect_table_to_hold_no_raw_value",
            "A pseudonym protects nobody if the identifier travels along.",
        )
        yield rule(
            "PSE-02",
            "expect_table_to_hold_no_unkeyed_hash",
            "A hash without a secret is undone by whoever has a list of customers.",
        )
    # A relation whose declared types hold no text has nothing in which a pattern could be.
    if kinds.intersection(_MAY_HOLD_TEXT):
        for pattern, details in PATTERNS.items():
            yield rule(
                details.code,
                "expect_table_to_hold_no_personal_pattern",
                f"Personal data that the vault does not know is found by its form: {details.title}.",
                pattern=pattern,
            )
    for name, column in columns.items():
        meta = _meta(column)
        if meta.get("treatment") == "pseudonym":
            also: dict[str, Any] = {"nullable": True} if meta.get("nullable") else {}
            if meta.get("issued_in"):
                also["issued_in"] = meta["issued_in"]
            yield rule(
                "PSE-01",
                "expect_column_values_to_be_pseudonyms",
                "What stands where a pseudonym should be is an identifier that was forgotten.",
                column=name,
                **also,
            )
    generalised = [name for name, column in columns.items() if _meta(column).get("treatment") in GENERALISING]
    if _PERSON in columns and generalised:
        yield Rule(
            "KAN-01",
            "expect_table_to_be_k_anonymous",
            {"columns": generalised},
            "A person of whom there is no other alike is found by whoever knows them.",
            tuple(f"{need}.k_persons" for need in needs),
        )
    cells = list(_meta(model).get("cells", ()))
    if cells:
        yield rule(
            "CEL-01",
            "expect_cells_to_describe_enough_persons",
            "An aggregate of few people is data about them.",
            by=cells,
        )
    if len(cells) > 1:
        yield rule(
            "CEL-02",
            "expect_missing_cells_to_describe_enough_persons",
            "What is left out can be computed from a total, and is then data about few people.",
            by=cells,
        )
    if cells:
        yield rule(
            "CEL-03",
            "expect_cells_not_to_be_of_one_person",
            "An amount that is nearly all of one person tells what that person paid.",
            by=cells,
        )
    if "visible_until" in columns:
        yield rule(
            "RET-01",
            "expect_table_to_hold_only_rows_within_retention",
            "Data is kept only as long as the published policy says.",
            column="visible_until",
        )
    if protected:
        until = {"until": "visible_until"} if "visible_until" in protected["columns"] else {}
        yield rule(
            "RET-02",
            "expect_mart_to_show_what_is_visible",
            "What has expired disappears without a build, and nothing else disappears.",
            protected=_name(protected),
            **until,
        )


def _kind(column: Mapping[str, Any]) -> Kind:
    return kind(column.get("data_type") or "undeclared")


def _meta(node: Mapping[str, Any]) -> Mapping[str, Any]:
    meta: Mapping[str, Any] = node.get("config", {}).get("meta", {})
    return meta
