"""`honours_erasure` decides: what is published is what seeds/policy/purposes.csv says."""

from pathlib import Path
from typing import Any

import pytest

from bigtrust import purposes
from bigtrust.errors import ConfigurationError
from bigtrust.settings import PROJECT

PERSONAL = {"customer_id": {"config": {"meta": {"identifier_class": "direct_identifier"}}}}
CATALOGUE = {"category_id": {"config": {"meta": {"identifier_class": "key"}}}}


def node(folder: str, name: str, *parents: str, database: str = "vault", columns: Any = None) -> dict[str, Any]:
    return {
        "resource_type": "model",
        "name": name,
        "fqn": ["big_trust", *folder.split("/"), name],
        "database": database,
        "columns": columns or {},
        "depends_on": {"nodes": list(parents)},
    }


def manifest(*published: dict[str, Any], kept_reads: tuple[str, ...] = ("stg_tickets", "erased_persons")) -> Any:
    """A project with tickets and a catalogue, and what it publishes."""
    nodes = [
        node("staging/base", "base_tickets", "source.big_trust.landing.tickets"),
        node("staging", "stg_tickets", "base_tickets", columns=PERSONAL),
        node("staging", "stg_requests", "base_tickets", columns=PERSONAL),
        node("staging/base", "base_categories", "source.big_trust.landing.categories"),
        node("staging", "stg_categories", "base_categories", columns=CATALOGUE),
        node("vault", "erasure_requests", "stg_requests", "stg_tickets"),
        node("vault", "erased_persons", "erasure_requests"),
        node("vault/kept", "kept_tickets", *kept_reads),
        node("vault", "person_activity", "kept_tickets", "settings"),
        {"resource_type": "seed", "name": "settings", "database": "vault", "depends_on": {"macros": []}},
        {
            "resource_type": "test",
            "name": "some_test",
            "database": "analytics",
            "depends_on": {"nodes": ["stg_tickets"]},
        },
        *published,
    ]
    return {"nodes": {item["name"]: item for item in nodes}}


def protected(*parents: str) -> dict[str, Any]:
    return node("protected/analytics", "protected_analytics__tickets", *parents, database="analytics")


def mart(*parents: str) -> dict[str, Any]:
    return node("marts/analytics", "analytics__tickets", *parents, database="analytics")


HONOURS, DOES_NOT = {"analytics": True}, {"analytics": False}


def test_what_reads_only_what_is_kept_and_the_catalogue_honours_erasure() -> None:
    project = manifest(
        protected("kept_tickets", "person_activity", "stg_categories", "settings"), mart("protected_analytics__tickets")
    )
    purposes.require_kept(project, HONOURS)
    with pytest.raises(ConfigurationError, match=r"analytics does not honour erasure .* all that it reads is kept"):
        purposes.require_kept(project, DOES_NOT)


@pytest.mark.parametrize(
    ("parents", "read"),
    [
        (("kept_tickets", "stg_tickets"), "stg_tickets"),
        (("base_tickets",), "base_tickets"),
        (("source.big_trust.landing.tickets",), "tickets"),
        (("erased_persons",), "stg_requests"),
    ],
)
def test_a_way_around_what_is_kept_is_named(parents: tuple[str, ...], read: str) -> None:
    project = manifest(protected(*parents), mart("protected_analytics__tickets"))
    expected = f"analytics honours erasure .* but protected_analytics__tickets depends on {read}, in which"
    with pytest.raises(ConfigurationError, match=expected):
        purposes.require_kept(project, HONOURS)
    purposes.require_kept(project, DOES_NOT)


def test_a_way_around_that_begins_in_the_vault_is_found() -> None:
    careless = node("vault", "all_tickets", "stg_tickets")
    with pytest.raises(ConfigurationError, match="depends on stg_tickets"):
        purposes.require_kept(manifest(careless, protected("kept_tickets", "all_tickets")), HONOURS)


def test_a_kept_model_that_leaves_nothing_out_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"Model kept_tickets .* leaves out nothing"):
        purposes.require_kept(manifest(protected("kept_tickets"), kept_reads=("stg_tickets",)), HONOURS)


def test_a_publication_without_a_purpose_is_named() -> None:
    with pytest.raises(ConfigurationError, match="Publication analytics has no purpose"):
        purposes.require_kept(manifest(protected("kept_tickets")), {"insights": True})


@pytest.mark.parametrize("said", ["", "yes", "vrai"])
def test_honours_erasure_is_true_or_false(tmp_path: Path, said: str) -> None:
    path = tmp_path / purposes.FILE
    path.parent.mkdir(parents=True)
    path.write_text(f"publication,honours_erasure\nanalytics,{said}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="neither true nor false"):
        purposes.load(tmp_path)


def test_only_finance_and_governance_do_not_honour_erasure() -> None:
    assert {name for name, honours in purposes.load(PROJECT).items() if not honours} == {"finance", "governance"}


def pseudonymised(issued_in: str | None) -> Any:
    """A project whose analytics publishes a pseudonym from a map."""
    meta = {"treatment": "pseudonym", **({"issued_in": issued_in} if issued_in else {})}
    maps = [node("vault", name) | {"config": {"meta": meta}} for name, meta in MAPS.items()]
    column = {"person_pseudonym": {"config": {"meta": meta}}}
    model = node("marts/analytics", "analytics__persons", database="analytics", columns=column)
    return {"nodes": {item["name"]: item for item in (*maps, model)}}


MAPS = {"persons": {"domain": "analytics"}, "marketing_persons": {"domain": "marketing"}, "erased_persons": {}}


def test_a_pseudonym_is_issued_in_the_domain_of_its_publication() -> None:
    purposes.require_own_pseudonyms(pseudonymised("persons"))


@pytest.mark.parametrize("issued_in", ["marketing_persons", "erased_persons", "nowhere", None])
def test_a_pseudonym_of_another_domain_is_named(issued_in: str | None) -> None:
    expected = "Column person_pseudonym of model analytics__persons is no pseudonym of the domain analytics"
    with pytest.raises(ConfigurationError, match=expected):
        purposes.require_own_pseudonyms(pseudonymised(issued_in))
