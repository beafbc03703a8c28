"""The trust scorecard: every figure has a definition, and is given again by its query."""

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import duckdb
import pytest
import yaml

from bigtrust.settings import PROJECT
from warehouse import PUBLICATIONS, Warehouse

SCORECARD = "select figure, subject, value from marts.trust_scorecard"


def definitions() -> dict[str, dict[str, str]]:
    """What the YAML says of each figure."""
    text = (PROJECT / "models" / "governance" / "_governance__models.yml").read_text(encoding="utf-8")
    models = {model["name"]: model for model in yaml.safe_load(text)["models"]}
    figures: dict[str, dict[str, str]] = models["governance__trust_scorecard"]["config"]["meta"]["figures"]
    return figures


@pytest.fixture(scope="module")
def connection(published: Warehouse) -> Iterator[duckdb.DuckDBPyConnection]:
    """The publications of the demo and its vault; `marts` are governance's."""
    with duckdb.connect() as connection:
        for name in PUBLICATIONS:
            connection.execute(f"attach '{published.root / 'published' / f'{name}.duckdb'}' as {name} (read_only)")
        connection.execute(f"attach '{published.settings.vault}' as vault (read_only)")
        connection.execute("use governance")
        yield connection


def test_every_figure_is_defined_and_every_definition_is_a_figure(published: Warehouse) -> None:
    figures = {figure for figure, _, _ in published.query("governance", SCORECARD)}
    # no addresses were given out yet, and no request was pending, or some were
    assert figures <= set(definitions())
    assert set(definitions()) - figures <= {"addresses_disclosed"}
    assert all({"unit", "says", "query"} == set(definition) for definition in definitions().values())


@pytest.mark.parametrize("figure", sorted(definitions()))
def test_a_figure_is_given_again_by_its_query(
    published: Warehouse, connection: duckdb.DuckDBPyConnection, figure: str
) -> None:
    query = definitions()[figure]["query"]
    for subject, value in connection.execute(
        f"select subject, value from ({SCORECARD}) where figure = ?", [figure]
    ).fetchall():
        given: dict[str, Any] = {"subject": subject} if "$subject" in query else {}
        ((again,),) = connection.execute(query, given).fetchall()
        told = None if again is None else Decimal(str(again)).quantize(Decimal("0.01"), ROUND_HALF_UP)
        assert (subject, value) == (subject, told)
