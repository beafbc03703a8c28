# mypy: allow-subclassing-any, allow-untyped-decorators
"""What the project's own expectations share: each is decided by two counts and reports nothing else."""

import html
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider
from great_expectations.render import LegacyDiagnosticRendererType, LegacyRendererType, RenderedStringTemplateContent
from great_expectations.render.renderer.renderer import renderer

from bigtrust.gx.columns import Kind, kind, type_name
from bigtrust.gx.engine import DuckDBExecutionEngine, withheld
from bigtrust.gx.texts import texts, texts_of


@dataclass
class Counts:
    """How much was examined, how much of it violates the rule, and where (names and counts, never values)."""

    examined: int = 0
    violations: int = 0
    where: dict[str, str] = field(default_factory=dict)


def examinable_columns(engine: DuckDBExecutionEngine, relation: str, counts: Counts) -> list[tuple[str, Kind]]:
    """The columns of a relation (quoted SQL name) with their kinds; one that cannot be examined is a violation."""
    columns: list[tuple[str, Kind]] = []
    for column, data_type in engine.columns(relation):
        column_kind = kind(data_type)
        if column_kind is Kind.OPAQUE:
            counts.violations += 1
            counts.where[column] = f"type {type_name(data_type)} cannot be examined"
        else:
            columns.append((column, column_kind))
    return columns


def values(engine: DuckDBExecutionEngine, relation: str, columns: Sequence[tuple[str, Kind]]) -> tuple[str | None, int]:
    """The distinct texts of columns (texts.texts; None: they hold none), and how many values there are to examine,
    nulls aside: distinct texts, and all numbers and UUIDs."""
    of_text = texts_of(columns)
    found, distinct = texts(engine, relation) if of_text else (None, 0)
    return found, distinct + engine.count_values(relation, [name for name, _ in columns if name not in of_text])


class _RelationUnderTest(TableMetricProvider):
    metric_name = "bigtrust.relation"

    @metric_value(engine=DuckDBExecutionEngine)
    def _duckdb(
        cls,
        execution_engine: DuckDBExecutionEngine,
        metric_domain_kwargs: dict[str, Any],
        **other: Any,
    ) -> str:
        return execution_engine.relation(metric_domain_kwargs.get("batch_id"))


class CountedExpectation(BatchExpectation, ABC):
    """An expectation that holds if it counts no violation."""

    metric_dependencies: ClassVar[tuple[str, ...]] = ("bigtrust.relation",)

    @abstractmethod
    def _count(self, engine: DuckDBExecutionEngine, relation: str) -> Counts:
        """Examine the relation (quoted SQL name)."""

    def _holds(self, counts: Counts) -> bool:
        return counts.violations == 0

    @classmethod
    @abstractmethod
    def _sentence(cls, kwargs: dict[str, Any]) -> str:
        """The rule as a sentence; `$name` stands for the argument of that name."""

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,
        execution_engine: Any = None,
    ) -> dict[str, Any]:
        with withheld():
            counts = self._count(execution_engine, metrics["bigtrust.relation"])
        observed: dict[str, Any] = {"examined": counts.examined, "violations": counts.violations}
        if counts.where:
            observed["where"] = counts.where
        return {"success": self._holds(counts), "result": {"observed_value": observed}}

    @classmethod
    @renderer(renderer_type=LegacyRendererType.PRESCRIPTIVE)
    def _prescriptive_renderer(
        cls,
        configuration: Any = None,
        result: Any = None,
        runtime_configuration: dict[str, Any] | None = None,
        **other: Any,
    ) -> list[Any]:
        kwargs = {name: str(value) for name, value in configuration.kwargs.items()}
        return [
            RenderedStringTemplateContent(
                content_block_type="string_template",
                string_template={
                    "template": cls._sentence(kwargs),
                    "params": kwargs,
                    "styling": (runtime_configuration or {}).get("styling"),
                },
            )
        ]

    @classmethod
    @renderer(renderer_type=LegacyDiagnosticRendererType.OBSERVED_VALUE)
    def _diagnostic_observed_value_renderer(cls, result: Any = None, **other: Any) -> str:
        observed = (result.result if result else {}).get("observed_value")
        if not observed:
            return "--"
        text = f"{observed['violations']:,} of {observed['examined']:,}"
        where = "; ".join(html.escape(f"{place}: {what}") for place, what in observed.get("where", {}).items())
        return f"{text} ({where})" if where else text
