"""docs/analyst-guide.md answers what analysts ask: each query runs and gives rows, and reads what analysts may read."""

import re
from xml.etree import ElementTree

import make_analyst_charts
import pytest
import sqlglot
from make_analyst_charts import Question
from sqlglot import exp

from warehouse import Warehouse

TEXT = make_analyst_charts.GUIDE.read_text(encoding="utf-8")
IMAGES = make_analyst_charts.GUIDE.parent / "images"
QUESTIONS = make_analyst_charts.questions(TEXT)
WITH_CHARTS = [question for question in QUESTIONS if question.picture]
NAMESPACES = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def read_besides_marts(sql: str) -> set[str]:
    """The relations that a query reads and that are neither in the schema marts nor made by the query itself."""
    tree = sqlglot.parse_one(sql, dialect="duckdb")
    own = {cte.alias for cte in tree.find_all(exp.CTE)}
    tables = [table for table in tree.find_all(exp.Table) if isinstance(table.this, exp.Identifier)]
    return {table.sql() for table in tables if table.db != "marts" and (table.db or table.name not in own)}


def addresses(svg: str) -> set[str]:
    """What a picture names outside of itself, the namespaces of SVG left out."""
    return set(re.findall(r"(?:https?:)?//[^\s\"')<>]+", svg)) - NAMESPACES


def test_the_guide_answers_at_least_twelve_questions_and_says_of_each_what_to_watch_out_for() -> None:
    assert len({question.heading for question in QUESTIONS}) == len(QUESTIONS) >= 12
    assert all(question.heading.endswith("?") for question in QUESTIONS)
    assert TEXT.count("\n**Watch out:** ") == len(QUESTIONS)
    assert {question.publication for question in QUESTIONS} == {"analytics", "insights"}


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_each_query_gives_rows_on_its_publication(question: Question, published: Warehouse) -> None:
    assert published.query(question.publication, question.sql)


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_each_query_reads_the_schema_marts_and_nothing_else(question: Question) -> None:
    assert "marts." in question.sql
    assert read_besides_marts(question.sql) == set()


@pytest.mark.parametrize(
    "sql",
    [
        "select kind from protected.touchpoints",
        "with visits as (select * from marts.journeys) select * from visits inner join restricted.visits on true",
        "select * from marts.journeys where person_pseudonym in (select person_pseudonym from customers)",
        "select * from 'published/analytics.duckdb'",
    ],
)
def test_a_query_that_reads_something_else_would_be_found(sql: str) -> None:
    assert read_besides_marts(sql)


def test_three_questions_have_a_chart_each_a_file_and_a_function_of_its_own() -> None:
    pictures = [question.picture for question in WITH_CHARTS]
    assert pictures == list(make_analyst_charts.CHARTS) == ["analyst-1.svg", "analyst-2.svg", "analyst-3.svg"]
    assert len(re.findall(r"!\[", TEXT)) == len(pictures)


@pytest.mark.parametrize("question", WITH_CHARTS, ids=str)
def test_a_chart_is_an_svg_that_says_what_it_shows_and_loads_nothing(question: Question) -> None:
    svg = (IMAGES / str(question.picture)).read_text(encoding="utf-8")
    root = ElementTree.fromstring(svg)  # noqa: S314  # a file of this repository
    names = {"svg": "http://www.w3.org/2000/svg"}
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.findtext("svg:title", namespaces=names) == question.heading
    assert root.findtext("svg:desc", namespaces=names) == question.alternative
    assert addresses(svg) == set()
    assert "@font-face" not in svg
    assert "<script" not in svg


@pytest.mark.parametrize("question", WITH_CHARTS, ids=str)
def test_a_chart_can_be_drawn_from_the_answer_of_its_query(question: Question, published: Warehouse) -> None:
    rows = make_analyst_charts.answer(published.root / "published", question)
    drawn = make_analyst_charts.picture(question, rows)
    assert ElementTree.fromstring(drawn) is not None  # noqa: S314  # drawn from numbers and names of this project
    assert addresses(drawn) == set()


@pytest.mark.parametrize(
    "svg", ['<image href="https://example.org/x.png"/>', "<style>@import '//example.org/a'</style>"]
)
def test_a_chart_that_loads_something_would_be_found(svg: str) -> None:
    assert addresses(svg)


@pytest.mark.parametrize(
    "body",
    ["```sql\nselect 1\n```\n", "On analytics:\n\nNothing.\n", "On analytics:\n\n```sql\na\n```\n\n```sql\nb\n```\n"],
    ids=["no publication", "no query", "two queries"],
)
def test_a_question_without_one_query_for_one_publication_would_be_found(body: str) -> None:
    with pytest.raises(ValueError, match=r'"Why\?" needs one query'):
        make_analyst_charts.questions(f"### Why?\n\n{body}")
