# mypy: allow-subclassing-any
"""Great Expectations' Data Docs, as pages that load nothing from elsewhere and run no script.

Great Expectations words each expectation and what it observed; around that are the project's own page templates,
because the original ones load scripts and styles from a dozen outside addresses and are blank without them.
"""

import html
import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from great_expectations.core.expectation_validation_result import ExpectationValidationResult
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.render import RenderedDocumentContent, RenderedSectionContent, RenderedTableContent
from great_expectations.render.renderer.content_block import ValidationResultsTableContentBlockRenderer
from great_expectations.render.view import DefaultJinjaPageView
from jinja2 import ChoiceLoader, FileSystemLoader

from bigtrust.errors import ConfigurationError

if TYPE_CHECKING:
    from bigtrust.gx.suites import Rule
    from bigtrust.verdicts import CheckResult

ASSETS = Path(__file__).parent / "assets"

_STATIC = ("bootstrap-4.3.1/bootstrap.min.css", "data_docs.css")
# Great Expectations' markup carries style attributes; nothing else is let in, and no script at all.
_SECURITY_POLICY = "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'"


class _View(DefaultJinjaPageView):
    """Great Expectations' view with the project's templates before its own."""

    def __init__(self) -> None:
        super().__init__()
        self.env.loader = ChoiceLoader([FileSystemLoader(ASSETS), self.env.loader])
        self.env.filters["page"] = _page
        self.env.globals["security_policy"] = _SECURITY_POLICY


def write_data_docs(
    folder: Path, documented: Iterable[tuple["CheckResult", "Rule", Any]], others: Sequence["CheckResult"] = ()
) -> None:
    """Write an index and a page per relation into the folder, which is replaced as a whole.

    `documented` gives for each check its verdict, its rule and Great Expectations' result (None: there is none);
    `others` are verdicts of checks that Great Expectations does not make: they are on the index only.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / "index.html").exists():
        raise ConfigurationError(f"The folder {folder} holds something else than Data Docs. Name another folder.")
    everything = sorted(documented, key=lambda check: check[0].relation)
    building = folder.with_name(folder.name + ".new")
    shutil.rmtree(building, ignore_errors=True)
    (building / "static").mkdir(parents=True)
    for asset in _STATIC:
        shutil.copyfile(ASSETS / asset, building / "static" / Path(asset).name)
    view = _View()
    for relation, group in groupby(everything, key=lambda check: check[0].relation):
        page = building / _page(relation)
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(_relation_page(view, relation, list(group)), encoding="utf-8")
    index = _index_page(view, [result for result, _, _ in everything], others)
    (building / "index.html").write_text(index, encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    building.rename(folder)


def _page(relation: str) -> str:
    return "/".join(relation.split(".")) + ".html"


def _index_page(view: _View, results: list["CheckResult"], others: Sequence["CheckResult"]) -> str:
    relations = []
    for relation, group in groupby(results, key=lambda result: result.relation):
        verdicts = Counter(result.verdict for result in group)
        verdict = "failed" if verdicts["failed"] else "passed"  # an excepted failure is one
        counts = (verdicts["passed"], verdicts["failed"], verdicts["not applicable"])
        relations.append((relation, verdict, *counts))
    everything = [*others, *results]
    text: str = view.env.get_template("index.j2").render(
        root="",
        summary=_summary(everything),
        failed=[result for result in everything if result.verdict == "failed"],
        others=others,
        relations=relations,
        pages={result.relation for result in results},
    )
    return text


def _relation_page(view: _View, relation: str, checks: list[tuple["CheckResult", "Rule", Any]]) -> str:
    by_column: dict[str, list[tuple[CheckResult, Rule, Any]]] = {}
    for check in checks:
        column = check[0].column
        by_column.setdefault(f"Column {column}" if column else "The relation as a whole", []).append(check)
    document = RenderedDocumentContent(
        renderer_type="ValidationResultsPageRenderer",
        page_title=html.escape(relation),
        sections=[
            RenderedSectionContent(section_name=html.escape(name), content_blocks=[_table(group)])
            for name, group in by_column.items()
        ],
    )
    root = "../" * relation.count(".")
    text: str = view.render(
        document, template="relation.j2", root=root, summary=_summary([check[0] for check in checks])
    )
    return text


def _table(checks: list[tuple["CheckResult", "Rule", Any]]) -> Any:
    rendered = ValidationResultsTableContentBlockRenderer.render(
        [_without_error(rule, outcome) for _, rule, outcome in checks], include_column_name=False
    )
    rows = []
    for (result, rule, _), (_, sentence, observed) in zip(checks, rendered.table, strict=True):
        verdict = f'<span class="verdict {result.verdict.replace(" ", "-")}">{result.verdict}</span>'
        because = html.escape(rule.because)
        reason = html.escape(f"{result.reason} (excepted {result.exception})" if result.exception else result.reason)
        rows.append([verdict, result.code, sentence, because, f"{result.examined:,}", observed, reason])
    return RenderedTableContent(
        table=rows,
        header_row=["Verdict", "Check", "Expectation", "Because", "Examined", "Observed", "Reason"],
        styling={"body": {"classes": ["table", "table-sm"]}, "classes": ["col-12"]},
    )


def _without_error(rule: "Rule", outcome: Any) -> Any:
    """The result to word. An error is worded by the verdict's reason, not by its message and traceback."""
    failed = outcome is None or not outcome.result
    configuration = (
        outcome.expectation_config
        if outcome is not None
        else ExpectationConfiguration(type=rule.expectation, kwargs=rule.arguments)
    )
    return ExpectationValidationResult(
        success=outcome.success if outcome is not None else False,
        expectation_config=configuration,
        result={} if failed else outcome.result,
        meta={},
        exception_info={"raised_exception": False, "exception_message": None, "exception_traceback": None},
    )


def _summary(results: list["CheckResult"]) -> str:
    verdicts: Counter[str] = Counter(result.verdict for result in results)
    return (
        f"{len(results)} checks: "
        + ", ".join(f"{verdicts[verdict]} {verdict}" for verdict in ("passed", "failed", "not applicable"))
        + "."
    )
