"""The summary page says what happened, whatever happened, from hand-written records."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import pytest

from bigtrust import check_exceptions, pages, records, register, reviews, states
from bigtrust.pages.matrix import NO_PUBLICATION, RULES, matrix
from bigtrust.pages.summary import Summary, collect
from bigtrust.records import PUBLISHED, REFUSED, STOPPED, Record
from bigtrust.reviews import Review
from bigtrust.settings import Settings

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>'\"&{{ 7 * 7 }}"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    names = ("project", "warehouse", "published", "register")
    settings = Settings.load({f"BIGTRUST_{name.upper()}": str(tmp_path / name) for name in names})
    policy = settings.project / "seeds" / "policy"
    policy.mkdir(parents=True)
    (policy / "settings.csv").write_text("setting,value,description\nforget_promise_days,3,\n", encoding="utf-8")
    return settings


def result(
    code: str = "COL-01", publication: str = "analytics", verdict: str = "passed", **more: Any
) -> dict[str, Any]:
    """A check result as a record holds it."""
    return {
        "code": code,
        "publication": publication,
        "relation": f"{publication}.marts.customers",
        "column": None,
        "suite": "baseline",
        "expectation": "expect_table_columns_to_match_ordered_list",
        "severity": "critical",
        "examined": 10,
        "violations": 4 if verdict == "failed" else 0,
        "verdict": verdict,
        "reason": "" if verdict == "passed" else f"because of {verdict}",
    } | more


def run(settings: Settings, number: int, verdict: str = PUBLISHED, **more: Any) -> None:
    """Record a run."""
    values: dict[str, Any] = {
        "exit_code": 0 if verdict == PUBLISHED else 1,
        "finished_at": "2026-11-24T03:15:09.000",
        "checks": [result(), result("PAT-01", "insights")] if verdict == PUBLISHED else [],
    } | more
    records.write(settings.runs, Record(number, "2026-11-24T03:14:00.000", None, verdict, **values))


def summary(settings: Settings) -> Summary:
    return collect(settings, now=NOW)


class Reader(HTMLParser):
    """The text of a page, and its elements."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text, self.tags, self.style = "", [], False
        self.feed(html)
        self.text = re.sub(r"\s+", " ", self.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self.style = self.style and tag != "style"

    def handle_data(self, data: str) -> None:
        self.text += "" if self.style else f" {data} "


def read(settings: Settings) -> Reader:
    """The page as it is written."""
    assert pages.write(settings) is None
    return Reader(settings.summary.read_text(encoding="utf-8"))


def governance(settings: Settings) -> None:
    """A publication as the last run that came far enough left it."""
    settings.published.mkdir()
    with duckdb.connect(str(settings.published / "governance.duckdb")) as connection:
        connection.execute(
            """
            create schema marts;
            create table marts.about as
            from (values ('run', '1'), ('policy_version', '2026-11-23')) as facts(fact, value);
            create table marts.landing_rows as
            from (values ('purchases', 0), ('purchase_lines', 28)) as landing_rows(landing_table, held);
            create table marts.rejected_rows as
            from (values ('customers', 'birth_date_unreadable', 4)) as rejected_rows(landing_table, reason, rejected);
            create table marts.erasure_status as from (values ('effective', 8)) as erasure_status(state, requests);
            create table marts.check_results as
            from (values ('COL-01', 3), ('COL-01', 2), ('PAT-01', 3)) as check_results(code, run);
            """
        )


# --- what happened ------------------------------------------------------------------------------------------------


def test_the_first_run_of_a_new_warehouse_has_a_page(settings: Settings) -> None:
    run(settings, 1)
    text = read(settings).text
    assert "Run 1 was published (checks: 2 passed, 0 failed, 0 not applicable)." in text
    for nothing in (
        "The publication governance does not exist yet.",
        "The policy makes no exception from any check.",
        "No request is open.",
        "Not measured yet:",
        "Nobody has recorded a review of this run.",
    ):
        assert nothing in text


def test_a_refused_run_names_what_failed_and_which_run_is_still_published(settings: Settings) -> None:
    run(settings, 1)
    failed = result("PAT-01", "insights", "failed", column="region")
    run(settings, 2, REFUSED, message="Checks failed.", checks=[result(), failed])
    found = summary(settings)
    assert found.verdict == (
        "Run 2 was refused (checks: 1 passed, 1 failed, 0 not applicable), and nothing was published. The publications "
        "are still those of run 1."
    )
    (shown,) = found.failed
    assert (shown.code, shown.relation, shown.column) == ("PAT-01", "insights.marts.customers", "region")
    assert "because of failed" in read(settings).text


@pytest.mark.parametrize(
    ("verdict", "checks", "sentence"),
    [
        (STOPPED, [], "Run 1 stopped before its checks, and nothing was published. Nothing has been published yet."),
        (REFUSED, [], "Run 1 was refused before its checks were complete, and nothing was published. Nothing has been"),
        (
            STOPPED,
            [result()],
            "Run 1 stopped after it was checked (checks: 1 passed, 0 failed, 0 not applicable), while it",
        ),
    ],
)
def test_a_run_that_published_nothing_says_how_far_it_came(
    settings: Settings, verdict: str, checks: list[dict[str, Any]], sentence: str
) -> None:
    run(settings, 1, verdict, message="Landing table customers is missing.", checks=checks)
    text = read(settings).text
    assert sentence in text
    assert "Landing table customers is missing." in text
    assert ("This run came to no check." in text) is (not checks)


def test_a_warning_that_failed_kept_nothing_from_being_published(settings: Settings) -> None:
    run(settings, 1, checks=[result(verdict="failed", severity="warning")])
    assert "has the severity warning, which keeps nothing from being published" in summary(settings).verdict


def test_of_a_long_history_the_last_runs_are_shown_and_the_last_published_one_is_found(settings: Settings) -> None:
    for number in range(1, 201):
        run(settings, number, PUBLISHED if number == 100 else STOPPED)
    found = summary(settings)
    assert [line.record.run for line in found.history] == list(range(200, 170, -1))
    assert found.verdict.endswith("The publications are still those of run 100.")
    assert settings.summary.parent.exists() is False
    assert "The last 30 runs" in read(settings).text


def test_a_damaged_record_of_an_earlier_run_does_not_hide_the_last_one(settings: Settings) -> None:
    run(settings, 1)
    run(settings, 2)
    (settings.runs / "000001.json").write_text("{", encoding="utf-8")
    text = read(settings).text
    assert "Run 2 was published" in text
    assert "000001.json is damaged" in text


def test_without_a_readable_record_there_is_no_page_and_a_sentence_says_so(settings: Settings) -> None:
    assert "No run has been recorded" in str(pages.write(settings))
    run(settings, 1)
    assert pages.write(settings) is None
    (settings.runs / "000001.json").write_text("{", encoding="utf-8")
    assert "000001.json is damaged" in str(pages.write(settings))
    assert not settings.summary.exists(), "a page of an earlier run would be taken for this one's"


def test_only_the_owner_may_read_the_page(settings: Settings) -> None:
    run(settings, 1)
    read(settings)
    assert settings.summary.stat().st_mode & 0o777 == 0o600
    assert settings.summary.parent.stat().st_mode & 0o777 == 0o700


# --- the checks ---------------------------------------------------------------------------------------------------


def test_a_cell_says_the_worst_verdict_and_sums_what_its_checks_counted() -> None:
    checks = [
        result(relation="analytics.marts.customers"),
        result(relation="analytics.marts.returns", verdict="not applicable", examined=0),
        result(relation="analytics.marts.purchases", verdict="failed", exception="Claire Martin, until 2027-01-31"),
        result(publication="insights", verdict="not applicable", examined=0),
        result("ZON-01", "", suite="static"),
        result("CUS-05", suite="written"),
        result("CUS-06", suite="written", verdict="failed"),
    ]
    found = matrix(checks, {"COL-01": 2, "CUS-05": 7, "CUS-06": 5})
    assert found.publications == ("analytics", "insights", NO_PUBLICATION)
    columns, rows = found.rows[0], {row.code: row for row in found.rows}
    assert list(rows) == ["COL-01", "ZON-01", RULES]
    worst, other, none = columns.cells
    assert worst is not None
    assert other is not None
    assert (worst.verdict, worst.objects, worst.examined, worst.violations) == ("failed", 3, 20, 4)
    assert (worst.failed, worst.not_applicable, worst.exceptions) == (1, 1, 1)
    assert (other.verdict, none) == ("not applicable", None)
    assert (columns.since, rows["ZON-01"].since, rows[RULES].since) == (2, None, 5)
    assert [(code, cell.verdict) for code, _, _, cell in found.rules] == [("CUS-06", "failed"), ("CUS-05", "passed")]


def test_codes_that_failed_come_first() -> None:
    checks = [result("AAA-01"), result("MMM-01", verdict="failed"), result("ZZZ-01", "insights", "failed")]
    assert [row.code for row in matrix(checks, {}).rows] == ["MMM-01", "ZZZ-01", "AAA-01"]


def test_verdicts_are_words_in_every_cell(settings: Settings) -> None:
    checks = [result(), result("PAT-01", "insights", "failed"), result("PAT-02", "finance", "not applicable")]
    run(settings, 1, REFUSED, checks=checks)
    read(settings)
    table = re.search(r"<caption id=\"checks-caption\">.*?</table>", settings.summary.read_text("utf-8"), re.DOTALL)
    assert table
    cells = [re.sub(r"<[^>]*>|\s+", " ", cell).split() for cell in re.findall(r"<td>(.*?)</td>", table[0], re.DOTALL)]
    words = [" ".join(cell[:2]) for cell in cells]
    assert len(words) == 9
    assert set(words) == {"passed on", "failed on", "not applicable", "not made"}


# --- what waits for a decision ------------------------------------------------------------------------------------


def test_rows_and_requests_are_counted_as_governance_published_them(settings: Settings) -> None:
    governance(settings)
    run(settings, 3)
    found = summary(settings).governance
    assert found is not None
    assert found.held == [("purchase_lines", 28)]
    assert found.rejected == [("customers", "birth_date_unreadable", 4)]
    assert found.since == {"COL-01": 2, "PAT-01": 3}
    text = read(settings).text
    assert "birth date unreadable" in text
    assert "Counted by run 1." in text, "the run that counted is not the one that failed"


def test_open_requests_show_days_and_deadlines_and_nobody(settings: Settings) -> None:
    asked = {"waiting": "2026-11-23", "also waiting": "2026-11-23", "late": "2026-11-10", "overdue": "2026-10-01"}
    for name, day in asked.items():
        request = register.new_request(channel="till", customer=f"Quentin Kanari {name}")
        register.add(settings.register, replace(request, requested_at=f"{day}T10:00:00+00:00"))
    settled = register.new_request(channel="till", customer="Forgotten")
    pending = replace(register.new_request(channel="web", purchase="T-1"), requested_at="2026-11-22T10:00:00+00:00")
    register.add(settings.register, settled)
    register.add(settings.register, pending)
    run(settings, 1)
    known = {settled.key: states.EFFECTIVE, pending.key: states.PENDING}
    states.record(settings.register, known, run=1, at="2026-11-24T03:15:09.000")
    found = summary(settings)
    assert [
        (str(line.asked_on), line.requests, line.why.split()[0], str(line.promised), str(line.latest), line.standing)
        for line in found.requests
    ] == [
        ("2026-10-01", 1, "waits", "2026-10-04", "2026-11-01", "the law's deadline passed 23 days ago"),
        ("2026-11-10", 1, "waits", "2026-11-13", "2026-12-10", "later than promised; the law's deadline is in 16 days"),
        ("2026-11-22", 1, "what", "2026-11-25", "2026-12-22", "in time"),
        ("2026-11-23", 2, "waits", "2026-11-26", "2026-12-23", "in time"),
    ]
    text = read(settings).text
    assert "5 open." in text
    assert "Quentin" not in text
    assert not any(name in text for name in register.read(settings.register))


def test_exceptions_show_owner_and_end_and_whether_they_are_in_force(settings: Settings) -> None:
    run(settings, 1, checks=[result(exception="Claire Martin, approved by Yann Le Goff, until 2026-11-24")])
    rows = [
        "code,object,reason,owner,approved_by,expires_on",
        "COL-01,analytics.marts.customers,A reason,Claire Martin,Yann Le Goff,2026-11-24",
        "PAT-01,insights.marts.about,A reason,Claire Martin,Yann Le Goff,2026-11-23",
        "PAT-02,insights.marts.about,A reason,Claire Martin,Yann Le Goff,2026-11-26",
        "PAT-03,insights.marts.about,A reason,Claire Martin,Yann Le Goff,whenever",
    ]
    (settings.project / check_exceptions.FILE).write_text("\n".join(rows) + "\n", encoding="utf-8")
    found = summary(settings).exceptions
    assert [(one.values["code"], one.standing, one.has_ended, one.used) for one in found] == [
        ("PAT-01", "expired 1 day ago", True, 0),
        ("COL-01", "in force, ends today", False, 1),
        ("PAT-02", "in force, ends in 2 days", False, 0),
        ("PAT-03", "its end cannot be read", True, 0),
    ]
    text = read(settings).text
    assert "Claire Martin, approved by Yann Le Goff, until 2026-11-24" in text


def test_of_exceptions_that_hold_personal_data_nothing_is_shown(settings: Settings) -> None:
    run(settings, 1)
    rows = [
        "code,object,reason,owner,approved_by,expires_on",
        "PAT-99,analytics.marts.customers,For geheim@example.org,Data team,Privacy office,2026-12-24",
    ]
    (settings.project / check_exceptions.FILE).write_text("\n".join(rows) + "\n", encoding="utf-8")
    assert "what looks like personal data" in summary(settings).problems["exceptions"]
    assert "geheim" not in read(settings).text


def test_reviews_of_the_run_and_runs_without_one_are_shown(settings: Settings) -> None:
    for number in (1, 2, 3):
        run(settings, number)
    reviews.add(settings.reviews, Review(3, "objected", "Claire Martin", "Too few rows.", "2026-11-24T09:00:00.000"))
    reviews.add(settings.reviews, Review(1, "seen", "Claire Martin", "Fine.", "2026-11-24T09:00:00.000"))
    found = summary(settings)
    assert [line.record.run for line in found.unreviewed] == [2]
    text = read(settings).text
    assert "Too few rows." in text
    assert "Without a review, among the runs above: 2 (published)." in text


def test_measures_are_shown_with_what_they_mean(settings: Settings) -> None:
    run(settings, 1)
    measure = {"measure": "Unicity, 4 purchases", "figure": "97 %", "meaning": "Nearly everybody is singled out."}
    content = {"measured_at": "2026-11-24T10:00:00", "run": 1, "publications": {"analytics": [measure]}}
    settings.reidentification.write_text(json.dumps(content), encoding="utf-8")
    text = read(settings).text
    assert all(value in text for value in measure.values())


@pytest.mark.parametrize(
    ("damaged", "part"),
    [
        ("reidentification", "reidentification"),
        ("reviews", "reviews"),
        ("exceptions", "exceptions"),
        ("register", "requests"),
        ("governance", "governance"),
    ],
)
def test_a_damaged_file_is_said_in_its_place_and_the_rest_is_shown(settings: Settings, damaged: str, part: str) -> None:
    run(settings, 1)
    files = {
        "reidentification": settings.reidentification,
        "reviews": settings.reviews / "000001-00000000.json",
        "exceptions": settings.project / check_exceptions.FILE,
        "register": settings.register / "R20261124100000-00000000.json",
        "governance": settings.published / "governance.duckdb",
    }
    files[damaged].parent.mkdir(exist_ok=True)
    files[damaged].write_bytes(b"{\xff secret value")
    found = summary(settings)
    assert set(found.problems) == {part, "governance"}, "there is no governance here, damaged or not"
    assert "secret value" not in str(found.problems)
    text = read(settings).text
    assert "Run 1 was published" in text
    assert found.problems[part] in text


# --- the page itself ----------------------------------------------------------------------------------------------


def test_hostile_text_is_shown_and_never_run(settings: Settings) -> None:
    run(settings, 1, REFUSED, message=HOSTILE, built=HOSTILE, checks=[result(verdict="failed", reason=HOSTILE)])
    hostile = result(HOSTILE, HOSTILE, "not applicable", reason=HOSTILE, relation=HOSTILE, exception=HOSTILE)
    run(settings, 2, HOSTILE, message=HOSTILE, checks=[hostile, hostile | {"verdict": "failed"}])
    reviews.add(settings.reviews, Review(2, HOSTILE, HOSTILE, HOSTILE, HOSTILE))
    measure = dict.fromkeys(("measure", "figure", "meaning"), HOSTILE)
    content = {"measured_at": HOSTILE, "run": 1, "publications": {HOSTILE: [measure]}}
    settings.reidentification.write_text(json.dumps(content), encoding="utf-8")
    found = read(settings)
    assert "<script>alert(1)</script>" in found.text
    assert "{{ 7 * 7 }}" in found.text
    assert {"script", "img"}.isdisjoint(tag for tag, _ in found.tags)
    assert not any(name.startswith("on") for _, attributes in found.tags for name in attributes)


def test_the_page_runs_no_script_names_no_address_and_allows_only_its_own_style(settings: Settings) -> None:
    run(settings, 1)
    found = read(settings)
    html = settings.summary.read_text(encoding="utf-8")
    (policy,) = (attributes["content"] for _, attributes in found.tags if attributes.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert not re.search(r"https?://(?!www\.w3\.org/)", html)
    assert not re.search(r"@import|url\(|@font-face|javascript:", html)
    assert not [attributes for _, attributes in found.tags if "style" in attributes or "src" in attributes]
    assert "script" not in [tag for tag, _ in found.tags]


def test_the_chart_has_a_title_and_a_description_and_its_figures_are_in_a_table(settings: Settings) -> None:
    run(settings, 1)
    run(settings, 2, STOPPED)
    found = read(settings)
    (chart,) = (attributes for tag, attributes in found.tags if tag == "svg")
    assert (chart["role"], chart["aria-labelledby"]) == ("img", "trend-title trend-description")
    assert "Runs 1 to 2: the outcome of each (1 stopped, 1 published)" in found.text
    assert "The last runs, the newest first" in found.text
    assert {attributes["fill"] for _, attributes in found.tags if "fill" in attributes} >= {"var(--good)", "var(--ink)"}
