"""Which recipients the policy can have, and which of them may receive addresses for what."""

import re
from pathlib import Path

import duckdb
import pytest

from bigtrust import recipients
from bigtrust.errors import ConfigurationError
from bigtrust.settings import PROJECT

COLUMNS = ("recipient", "name", "country", "purpose", "legal_basis", "columns", "contract_on", "transfer_basis")
ROW = dict(zip(COLUMNS, ("printer", "Printer", "FR", "marketing", "Consent", "email", "2026-01-01", None), strict=True))


def possible(**changes: str | None) -> bool:
    """Whether a row passes the data test of dbt."""
    text = (PROJECT / "tests" / "dbt" / "generic" / "policy_recipients_are_possible.sql").read_text(encoding="utf-8")
    query = re.sub(r"\{#.*?#\}|\{%.*?%\}", "", text, flags=re.DOTALL).replace("{{ model }}", "recipients")
    assert "{{" not in query
    with duckdb.connect() as connection:
        columns = ", ".join(f"{name} varchar" for name in COLUMNS)
        connection.execute(f"create table recipients ({columns})")
        values = [(ROW | changes)[name] for name in COLUMNS]
        connection.execute(f"insert into recipients values ({', '.join('?' * len(values))})", values)
        return connection.execute(query).fetchall() == []


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"purpose": "partner_sharing", "legal_basis": "consent of its own"},
        {"purpose": "recall", "legal_basis": "Legal obligation (GDPR art. 6(1)(c))"},
        {"columns": "first_name last_name street postal_code city country language phone"},
        {"country": "US", "transfer_basis": "Standard contractual clauses"},
        {"country": "NO"},
    ],
)
def test_a_recipient_is_possible(changes: dict[str, str]) -> None:
    assert possible(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"legal_basis": "Legitimate interest"},
        {"purpose": "partner_sharing", "legal_basis": "Contract"},
        {"purpose": "recall", "legal_basis": "Consent"},
        {"purpose": "analytics"},
        {"columns": "email birth_date"},
        {"columns": "customer_id email"},
        {"columns": "email email"},
        {"columns": "email  phone"},
        {"columns": "first_name last_name city"},
        {"country": "US"},
        {"country": "Fr"},
        {"contract_on": "9999-01-01"},
        {"contract_on": "last year"},
        {"recipient": "Printer & Sons"},
    ],
)
def test_a_recipient_is_not_possible(changes: dict[str, str]) -> None:
    assert not possible(**changes)


def test_the_recipients_of_the_project_are_possible() -> None:
    with duckdb.connect() as connection:
        path = PROJECT / recipients.FILE
        rows = connection.execute(f"from read_csv('{path}', all_varchar = true)").fetchall()
    assert rows
    assert all(possible(**dict(zip(COLUMNS, row, strict=True))) for row in rows)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    path = tmp_path / recipients.FILE
    path.parent.mkdir(parents=True)
    path.write_text(
        "recipient,purpose,legal_basis,columns\n"
        "mail,marketing,Consent,first_name email\n"
        "both,marketing,Consent,email\n"
        "both,partner_sharing,Consent,email\n"
        "empty,marketing,,email\n",
        encoding="utf-8",
    )
    return tmp_path


def test_a_recipient_has_the_columns_of_its_purpose(project: Path) -> None:
    found = recipients.chosen(project, "mail", {"marketing", "partner_sharing"})
    assert (found.purpose, found.legal_basis, found.columns) == ("marketing", "Consent", ("first_name", "email"))


@pytest.mark.parametrize(
    ("name", "purposes", "said"),
    [
        ("nobody", {"marketing"}, "nobody receives addresses whom the policy does not name"),
        ("mail", {"partner_sharing"}, "mail has no legal basis for partner_sharing"),
        ("mail", {"recall"}, "mail has no legal basis for recall"),
        ("empty", {"marketing"}, "empty has no legal basis for marketing"),
        ("both", {"marketing", "partner_sharing"}, "for marketing and for partner_sharing. Say for which"),
    ],
)
def test_a_refusal_says_why(project: Path, name: str, purposes: set[str], said: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(said)):
        recipients.chosen(project, name, purposes)


@pytest.mark.parametrize("content", [b"", b"recipient,purpose\nmail,marketing\n", b"recipient\n\xe9\n"])
def test_a_table_that_cannot_be_read_is_named(project: Path, content: bytes) -> None:
    (project / recipients.FILE).write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"seeds/policy/recipients\.csv"):
        recipients.chosen(project, "mail", {"marketing"})
