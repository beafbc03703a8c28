"""A review says that somebody looked at a run, and holds nothing that looks like a customer's data."""

import json
from pathlib import Path

import duckdb
import pytest

from bigtrust import pipeline, records, reviews
from bigtrust.dbt_plugin import _reviews_sql
from bigtrust.errors import BigTrustError, ConfigurationError
from bigtrust.lock import exclusive
from bigtrust.records import Record
from bigtrust.reviews import Review, new_review
from bigtrust.settings import Settings
from warehouse import Warehouse

NOTE = "Rejected rows go back to the shop system, version 2.10.3; 1 250 of 2026-11-24 were looked at."


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """A warehouse with two recorded runs, the second of which was refused."""
    warehouse = Warehouse(tmp_path)
    for run, verdict in ((1, records.PUBLISHED), (2, records.REFUSED)):
        record = Record(run, f"2026-11-2{run}T03:00:00.000", None, verdict, finished_at=f"2026-11-2{run}T03:01:00.000")
        records.write(warehouse.settings.runs, record)
    return warehouse


@pytest.fixture
def settings(warehouse: Warehouse) -> Settings:
    return warehouse.settings


def given(run: int = 2, reviewer: str = "Léa Moreau", note: str = NOTE, verdict: str = "accepted") -> Review:
    return new_review(run=run, reviewer=reviewer, note=note, verdict=verdict)


def test_a_review_is_read_back_as_it_was_given_and_only_its_owner_may_read_the_file(settings: Settings) -> None:
    review = given()
    path = reviews.add(settings.reviews, review)
    assert reviews.read(settings.reviews) == {2: [review]}
    assert review.note == NOTE
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_every_review_of_a_run_is_kept_in_the_order_of_time(settings: Settings) -> None:
    for moment, verdict in ((3, "accepted"), (1, "seen"), (2, "objected")):
        reviews.add(settings.reviews, Review(2, verdict, "Léa Moreau", NOTE, f"2026-11-24T0{moment}:00:00.000"))
    assert [review.verdict for review in reviews.read(settings.reviews)[2]] == ["seen", "objected", "accepted"]
    assert reviews.read(settings.reviews.parent / "nowhere") == {}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "is empty"),
        (" \t\u00a0\n", "is empty"),
        ("ask anna.muster@example.org", "an e-mail address"),
        ("called 06 12 34 56 78", "a telephone number"),
        ("called +49 30 1234 5678", "a telephone number"),
        ("FR76 3000 6000 0112 3456 7890 189", "a bank account number"),
        ("paid with 4111 1111 1111 1111", "a payment card number"),
        ("a\x1b[31mred", "cannot be printed"),
        ("right\u202eleft", "cannot be printed"),
        ("x" * 2001, "is longer than"),
    ],
)
def test_a_name_or_note_that_cannot_be_kept_is_refused_in_one_sentence_without_it(text: str, what: str) -> None:
    for flag, texts in (("--by", {"reviewer": text}), ("--note", {"note": text})):
        with pytest.raises(ConfigurationError, match=f"^{flag} .*{what}") as refusal:
            given(**texts)
        assert "\n" not in str(refusal.value)
        assert not text.strip() or text not in str(refusal.value)


def test_lines_of_a_note_become_one(settings: Settings) -> None:
    assert given(note=" one\n  two ").note == "one two"


def test_an_unknown_verdict_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="--verdict is none of seen, accepted, objected"):
        given(verdict="fine")


def test_a_run_that_was_never_made_cannot_be_reviewed(settings: Settings) -> None:
    with pytest.raises(ConfigurationError, match=r"^--run: no run of this number"):
        pipeline.review(settings, given(run=3))
    assert not settings.reviews.exists()


def test_no_review_is_recorded_while_a_run_counts_them(settings: Settings) -> None:
    with exclusive(settings.warehouse), pytest.raises(BigTrustError, match="holds the lock"):
        pipeline.review(settings, given())
    assert not settings.reviews.exists()


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"run": 1}', '{"run": "x", "verdict": "seen"}'])
def test_a_damaged_review_is_named(settings: Settings, content: str) -> None:
    path = reviews.add(settings.reviews, given())
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=rf"^Review .*{path.name} is damaged\."):
        reviews.read(settings.reviews)


def test_what_the_warehouse_reads_of_a_review_names_nobody(settings: Settings) -> None:
    with duckdb.connect() as connection:
        assert connection.execute(_reviews_sql(settings.reviews)).fetchall() == []
        columns = [column[0] for column in connection.description or []]
        path = reviews.add(settings.reviews, given())
        rows = connection.execute(_reviews_sql(settings.reviews)).fetchall()
    assert columns == ["run", "verdict", "reviewed_at"]
    assert [(run, verdict) for run, verdict, _ in rows] == [(2, "accepted")]
    assert rows[0][2].isoformat(timespec="milliseconds") == json.loads(path.read_text("utf-8"))["reviewed_at"]


def test_the_command_records_a_review_and_lists_what_nobody_has_looked_at(warehouse: Warehouse) -> None:
    done = warehouse.bigtrust("review", "--run", "2", "--by", "Léa Moreau", "--note", NOTE, "--verdict", "objected")
    assert done.exit_code == 0, done.output
    assert "Run 2 is recorded as objected." in done.stdout
    assert str(warehouse.settings.summary) in done.stdout
    assert "Léa Moreau" in warehouse.settings.summary.read_text(encoding="utf-8")
    listed = warehouse.bigtrust("review", "--list")
    assert listed.stdout.splitlines() == [
        "Run 2, refused at 2026-11-22T03:01:00.000Z: objected",
        "Run 1, published at 2026-11-21T03:01:00.000Z: no review",
    ]


@pytest.mark.parametrize("arguments", [["--run", "2"], ["--run", "2", "--by", "Léa Moreau"], ["--note", NOTE], []])
def test_the_command_needs_run_name_and_note(warehouse: Warehouse, arguments: list[str]) -> None:
    refused = warehouse.bigtrust("review", *arguments)
    assert refused.exit_code == 2
    assert "Say --run, --by and --note, or --list." in refused.output


def test_a_review_stands_when_the_page_cannot_be_written(warehouse: Warehouse) -> None:
    warehouse.settings.summary.parent.write_text("in the way", encoding="utf-8")
    done = warehouse.bigtrust("review", "--run", "1", "--by", "Léa Moreau", "--note", NOTE)
    assert done.exit_code == 0, done.output
    assert "The summary page could not be written; what was recorded stands." in done.stdout
    assert list(reviews.read(warehouse.settings.reviews)) == [1]
