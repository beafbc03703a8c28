"""No raw value of a direct identifier or of free text leaves the vault: not in a column, a byte, a log or a page."""

import pytest

from raw_data import Search, identifiers_and_free_text
from warehouse import PUBLICATIONS, Warehouse


@pytest.fixture(scope="module")
def search(published: Warehouse) -> Search:
    return Search(identifiers_and_free_text(published.landing))


def test_the_search_sees_what_it_looks_for(published: Warehouse, search: Search) -> None:
    assert len(search.patterns) > 5_000
    seen = dict(search.files_that_leak(published.landing / "support_tickets.csv", published.landing / "consents.csv"))
    assert all(found > 100 for found in seen.values())
    assert len(seen) == 2


def test_no_raw_value_is_in_any_column_of_a_publication(published: Warehouse, search: Search) -> None:
    examined = 0
    for publication in PUBLICATIONS:
        relations = published.query(
            publication, "select table_schema, table_name from information_schema.tables where table_schema <> 'main'"
        )
        for schema, relation in relations:
            rows = published.query(publication, f"from {schema}.{relation}")
            text = "\n".join("\t".join(map(str, row)) for row in rows)
            examined += len(rows)
            assert search.finds(text.encode()) == 0, f"{publication}.{schema}.{relation}"
    assert examined > 10_000


def test_no_raw_value_is_in_the_bytes_of_a_publication_an_artefact_a_log_or_a_page(
    published: Warehouse, search: Search
) -> None:
    roots = [published.root / "published", published.root / "output.txt"]
    roots += [published.root / "warehouse" / name for name in ("dbt", "data_docs", "pages", "runs", "candidate")]
    assert all(root.exists() for root in roots)
    assert list((published.root / "warehouse" / "dbt").rglob("*.log"))
    assert list(search.files_that_leak(*roots)) == []


def test_the_secret_and_what_is_derived_from_it_is_nowhere(published: Warehouse) -> None:
    from base64 import b64encode

    from bigtrust import secret

    text = (published.root / "secrets" / "pseudonymisation.key").read_text(encoding="ascii").strip()
    keys = [secret.domain_key(bytes.fromhex(text), domain) for domain in (*secret.DOMAINS, "fingerprint")]
    forms = [bytes.fromhex(text), *keys, *(pad for key in keys for pad in secret.pads(key))]
    forms += [form.hex().encode() for form in list(forms)] + [b64encode(form) for form in list(forms)]
    search = Search(set())
    search.patterns = forms
    roots = [published.root / name for name in ("published", "warehouse", "register", "output.txt")]
    for root in roots:
        for path in [root] if root.is_file() else root.rglob("*"):
            if path.is_file():
                content = path.read_bytes()
                assert not any(form in content for form in forms), path
