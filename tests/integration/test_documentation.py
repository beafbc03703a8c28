"""dbt's documentation describes everything, ends in what people do, and tells nothing that it should not."""

from __future__ import annotations

import csv
import http.client
import json
from collections import deque
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from bigtrust import documentation, secret
from bigtrust.build import Dbt
from bigtrust.demo import write_demo
from bigtrust.documentation.page import policy_of
from bigtrust.errors import ConfigurationError
from bigtrust.ledger import signing
from bigtrust.lineage import project
from bigtrust.settings import FOLDERS, PROJECT
from raw_data import Search, identifiers_and_free_text
from warehouse import PUBLICATIONS, Warehouse, replace_in

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("documentation")]

Node = Mapping[str, Any]


@pytest.fixture(scope="module")
def manifest(published: Warehouse) -> Node:
    """dbt's manifest of the last run."""
    content: Node = json.loads((published.settings.dbt_target / "manifest.json").read_text(encoding="utf-8"))
    return content


@pytest.fixture(scope="module")
def page(published: Warehouse) -> Path:
    """The page of the project, written beside the demo warehouse."""
    return documentation.write(published.settings)


# --- descriptions --------------------------------------------------------------------------------------------------


def says_something(description: str) -> bool:
    """Whether a description is more than a name: two words, and no note to come back to."""
    words = description.lower().strip().strip(".").split()
    return len(words) >= 2 and not {"todo", "tbd", "fixme"} & set(words)


@pytest.mark.parametrize("text", ["", " ", "Category.", "TODO", "to do: TBD"])
def test_a_placeholder_would_be_found(text: str) -> None:
    assert not says_something(text)


def columns(node: Node, lineage: project.Lineage) -> Iterator[str]:
    """The columns that a node really has: of a model by its SQL, of a seed by its file."""
    if node["resource_type"] == "seed":
        with (PROJECT / node["original_file_path"]).open(encoding="utf-8", newline="") as file:
            yield from next(csv.reader(file))
    elif node["name"] == "treatments":  # each of its columns is a treatment; it is a model to the lineage alone
        yield from node["columns"]
    else:
        yield from lineage.relations[f"{node['database']}.{node['schema']}.{node['alias']}"].columns


def test_every_model_and_seed_and_each_of_their_columns_is_described(published: Warehouse, manifest: Node) -> None:
    lineage = project.analyse(manifest, published.settings.dbt_target / "compiled", PUBLICATIONS)
    nodes = [node for node in manifest["nodes"].values() if node["resource_type"] in ("model", "seed")]
    assert len(nodes) > 150
    undescribed = [node["name"] for node in nodes if not says_something(node["description"])]
    undescribed += [
        f"{node['name']}.{column}"
        for node in nodes
        for column in columns(node, lineage)
        if not says_something(node["columns"].get(column, {}).get("description", ""))
    ]
    assert undescribed == []
    invented = [
        f"{node['name']}.{column}"
        for node in nodes
        for column in node["columns"]
        if column not in columns(node, lineage)
    ]
    assert invented == []


def test_every_source_and_each_of_its_columns_is_described(manifest: Node) -> None:
    sources = manifest["sources"].values()
    assert len(sources) > 15
    texts = {source["name"]: source["description"] for source in sources}
    texts |= {source["source_name"]: source["source_description"] for source in sources}
    texts |= {
        f"{s['name']}.{column['name']}": column["description"] for s in sources for column in s["columns"].values()
    }
    assert [name for name, text in texts.items() if not says_something(text)] == []


def test_every_block_of_shared_descriptions_is_used(manifest: Node) -> None:
    own = {block["name"] for block in manifest["docs"].values() if block["package_name"] == "big_trust"}
    text = "".join(path.read_text(encoding="utf-8") for path in (PROJECT / "models").rglob("*.yml"))
    assert own
    assert [name for name in own if name != "__overview__" and f"doc('{name}')" not in text] == []


# --- exposures -----------------------------------------------------------------------------------------------------


def reached_from(names: list[str], manifest: Node) -> set[str]:
    """Everything that some nodes depend on."""
    seen: set[str] = set()
    ahead = deque(names)
    while ahead:
        name = ahead.popleft()
        if name not in seen:
            seen.add(name)
            node = manifest["nodes"].get(name) or manifest["exposures"].get(name)
            ahead.extend(node["depends_on"].get("nodes", ()) if node else ())
    return seen


def test_every_mart_ends_in_what_people_do_with_it(manifest: Node) -> None:
    marts = {
        name
        for name, node in manifest["nodes"].items()
        if node["resource_type"] == "model" and node["schema"] == "marts"
    }
    assert len(marts) > 30
    assert marts - reached_from([*manifest["exposures"]], manifest) == set()


def test_every_exposure_has_an_owner_a_description_and_a_purpose_of_the_policy(manifest: Node) -> None:
    purposes: dict[str, str] = {}
    for table in ("recipients", "purposes"):
        with (PROJECT / "seeds" / "policy" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            purposes |= {row["purpose"]: row.get("publication", "") for row in csv.DictReader(file)}
    told = set()
    for exposure in manifest["exposures"].values():
        purpose = exposure["config"]["meta"]["purpose"]
        told.add(purpose)
        assert purpose in purposes, exposure["name"]
        assert exposure["owner"]["email"]
        assert exposure["maturity"]
        assert len(exposure["description"].split()) > 10
        read = {
            manifest["nodes"][name]["database"] for name in exposure["depends_on"]["nodes"] if name.startswith("model.")
        }
        if exposure["name"] not in ("access_reports", "offers", "partner_sharing", "recalls"):
            assert read == {purposes[purpose]}, "what people do with a publication is what it is made for"
    assert told == purposes.keys()


def test_the_graph_leads_from_the_delivery_through_vault_and_protected_to_each_use(manifest: Node) -> None:
    for name in ("questions_about_sales", "figures_for_everybody", "campaign_planning", "after_sales_desk", "accounts"):
        seen = reached_from([f"exposure.big_trust.{name}"], manifest)
        assert "source.big_trust.landing.purchases" in seen
        folders = {manifest["nodes"][node]["fqn"][1] for node in seen if node.startswith("model.")}
        assert folders >= {"staging", "vault", "protected", "marts"}


# --- the page ------------------------------------------------------------------------------------------------------


def secret_forms(warehouse: Warehouse) -> list[bytes]:
    """The secret and the keys that are made from it, as bytes, and in hexadecimal."""
    text = warehouse.settings.secret_file.read_text(encoding="ascii").strip()
    keys = [secret.domain_key(bytes.fromhex(text), domain) for domain in (*secret.DOMAINS, "fingerprint")]
    return [form for key in (bytes.fromhex(text), *keys) for form in (key, key.hex().encode())]


def test_the_page_holds_no_value_no_secret_no_folder_and_no_compiled_sql(page: Path, published: Warehouse) -> None:
    content = page.read_bytes()
    search = Search(identifiers_and_free_text(published.landing))
    assert search.finds(content) == 0
    assert search.finds(content + search.patterns[0]) == 1
    assert not any(form in content for form in secret_forms(published))
    text = content.decode("utf-8")
    for place in (str(PROJECT), str(published.root), str(Path.home()), "compiled_code", "root_path", "invocation_id"):
        assert f'"{place}' not in text
    assert page.stat().st_mode & 0o777 == 0o600
    assert not list(page.parent.glob("*.json"))


def test_a_value_that_somebody_writes_into_a_description_would_be_found(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    write_demo(warehouse.landing, customers=20, seed=7, until=datetime.now(UTC).date())
    search = Search(identifiers_and_free_text(warehouse.landing))
    planted = next(pattern for pattern in search.patterns if b"@" in pattern).decode()
    exposures = warehouse.own_project() / "models" / "exposures.yml"
    replace_in(exposures, "Totals by day, store and channel for the accounts", f"Totals ({planted})")
    assert search.finds(documentation.write(warehouse.settings).read_bytes()) > 0


@pytest.mark.parametrize(
    ("planted", "sentence"),
    [("{home}", "names a folder of this machine"), ("{secret}", "holds the pseudonymisation secret")],
)
def test_a_folder_or_the_secret_in_a_description_stops_it(tmp_path: Path, planted: str, sentence: str) -> None:
    warehouse = Warehouse(tmp_path)
    value = "5ec2e7" * 12
    warehouse.settings.secret_file.parent.mkdir()
    warehouse.settings.secret_file.write_text(f"{value}\n", encoding="ascii")
    text = planted.format(home=warehouse.settings.landing, secret=value)
    exposures = warehouse.own_project() / "models" / "exposures.yml"
    replace_in(exposures, "Totals by day, store and channel for the accounts", f"Totals {text}")
    result = warehouse.bigtrust("docs", "--no-browser", "--port", "0")
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert text not in result.output
    assert not documentation.place(warehouse.settings).exists()


@pytest.mark.parametrize("is_variable", [False, True], ids=["file", "variable"])
def test_every_folder_and_both_keys_would_be_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_variable: bool
) -> None:
    settings = Warehouse(tmp_path).settings
    settings.secret_file.parent.mkdir()
    keys = (
        ("the pseudonymisation secret", secret.VARIABLE, settings.secret_file, "5ec2e7" * 12),
        ("the ledger's private key", signing.VARIABLE, settings.ledger_key, "1ed9e7" * 11),
    )
    for _, variable, file, value in keys:
        if is_variable:
            monkeypatch.setenv(variable, value)
        else:
            file.write_text(f"{value}\n", encoding="ascii")
    documentation._require_discreet("Totals", settings)
    for name in FOLDERS:
        with pytest.raises(ConfigurationError, match="names a folder of this machine"):
            documentation._require_discreet(f"Totals of {getattr(settings, name)}/x", settings)
    for what, _, _, value in keys:
        with pytest.raises(ConfigurationError, match=f"holds {what}. Take it out. Who has read it"):
            documentation._require_discreet(f"Totals {value}", settings)


def test_a_page_of_dbt_that_is_not_as_it_is_known_is_refused(published: Warehouse, tmp_path: Path) -> None:
    other = tmp_path / "index.html"
    other.write_text("<html><script src='https://example.org'></script></html>", encoding="utf-8")
    with patch("bigtrust.documentation.page.DOCS_INDEX_FILE_PATH", other):
        result = published.bigtrust("docs", "--no-browser", "--port", "0")
    assert result.exit_code == 2
    assert "dbt's documentation page is of another version" in result.stderr


# --- the server ----------------------------------------------------------------------------------------------------


def answer(address: str, path: str = "/", host: str | None = None) -> tuple[int, Mapping[str, str], bytes]:
    """Status, headers and content that the server gives; `host` is the name by which it is asked."""
    place = address.removeprefix("http://").rstrip("/")
    connection = http.client.HTTPConnection(place, timeout=10)
    connection.request("GET", path, headers={"Host": host or place})
    answered = connection.getresponse()
    return answered.status, dict(answered.getheaders()), answered.read()


def test_the_server_answers_this_machine_with_the_page_and_nothing_else(page: Path) -> None:
    with documentation.serving(page, 0) as address:
        assert address.startswith("http://127.0.0.1:")
        status, headers, content = answer(address)
        assert (status, content) == (200, page.read_bytes())
        policy = headers["Content-Security-Policy"]
        assert policy == f"{policy_of(page.read_text(encoding='utf-8'))}; frame-ancestors 'none'"
        assert "default-src 'none'" in policy
        assert "'unsafe-eval'" not in policy
        assert headers["Server"].strip() == "bigtrust"
        assert {answer(address, path)[0] for path in ("/manifest.json", "/../index.html", "//etc/passwd")} == {404}
        assert answer(address, host="rebound.example.org")[0] == 421
    with pytest.raises(ConnectionRefusedError):
        answer(address)


def test_the_command_serves_until_it_is_ended_and_opens_no_browser_if_told_so(published: Warehouse) -> None:
    served = []

    def until_ended() -> None:
        served.append(True)
        raise KeyboardInterrupt

    with patch("signal.pause", until_ended), patch("webbrowser.open") as browser:
        result = published.bigtrust("docs", "--no-browser", "--port", "0")
        assert browser.call_count == 0
        assert published.bigtrust("docs", "--port", "0").exit_code == 0
        assert browser.call_args.args[0].startswith("http://127.0.0.1:")
    assert result.exit_code == 0, result.output
    assert "Documentation: http://127.0.0.1:" in result.output
    assert served == [True, True]


def test_a_port_that_is_taken_is_named(page: Path, published: Warehouse) -> None:
    with documentation.serving(page, 0) as address:
        port = address.rstrip("/").rpartition(":")[2]
        result = published.bigtrust("docs", "--no-browser", "--port", port)
    assert result.exit_code == 2
    assert f"Port {port} cannot be used" in result.stderr


def test_it_needs_no_run_and_opens_no_database(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    with patch.object(Dbt, "_invoke", side_effect=AssertionError):
        assert documentation.write(warehouse.settings).exists()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files == [documentation.place(warehouse.settings)]
