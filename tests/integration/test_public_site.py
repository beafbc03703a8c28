"""The public site says what the publication and the ledger say, in both languages, and nothing of anybody."""

import json
import re
import shutil
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import jsonschema
import pytest

from bigtrust import ledger
from bigtrust.demo import write_demo
from bigtrust.settings import PROJECT
from bigtrust.site import held, pages
from bigtrust.site.words import LANGUAGES
from public_site import rows_of, with_a_past
from raw_data import Search, identifiers_and_free_text
from source_system import files
from warehouse import Warehouse

SCHEMA = json.loads((PROJECT / "docs" / "schemas" / "policy.schema.json").read_text(encoding="utf-8"))
HTML = [pages.INDEX, *(pages.path(language, page) for language in LANGUAGES for page in pages.PAGES)]

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("public site")]


@pytest.fixture(scope="module")
def shop(published: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """A warehouse with a past, and its site."""
    warehouse = published.copy(tmp_path_factory.mktemp("site") / "warehouse")
    with_a_past(warehouse)
    result = warehouse.bigtrust("site")
    assert result.exit_code == 0, result.output
    assert f"Open {warehouse.settings.site / 'index.html'}" in result.stdout
    return warehouse


@pytest.fixture(scope="module")
def policy(shop: Warehouse) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((shop.settings.site / "policy.json").read_text(encoding="utf-8"))
    return content


class Read(HTMLParser):
    """The figures, links, ids and claims of a page, and what it says."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.figures: list[tuple[str, str, str]] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.claims: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self._figure: list[str] | None = None
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.attributes += [(tag, name, value) for name, value in given.items()]
        self.links += [given[name] for name in ("href", "src") if name in given]
        self.ids += [given["id"]] if "id" in given else []
        self.claims += [given["data-claim"]] if "data-claim" in given else []
        if "data-figure" in given:
            self._figure = [given["data-figure"], given.get("value", ""), ""]

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._figure:
            self._figure[2] += data

    def handle_endtag(self, tag: str) -> None:
        if self._figure and tag in ("data", "code"):
            name, value, text = self._figure
            self.figures.append((name, value if tag == "data" else text, text))
            self._figure = None


@pytest.fixture(scope="module")
def read(shop: Warehouse) -> dict[str, Read]:
    return {name: Read(shop.settings.site / name) for name in HTML}


# --- figures ------------------------------------------------------------------------------------------------------

_K = "(select cast(value as integer) from marts.about where fact = 'k')"
_OF_RUN = {
    "run": "select run from marts.runs where run = {0}",
    "verdict": "select verdict from marts.runs where run = {0}",
    "passed": "select checks_passed from marts.runs where run = {0}",
    "not_applicable": "select checks_not_applicable from marts.runs where run = {0}",
    "excepted": "select count(exception) from marts.check_results where run = {0} and verdict = 'failed'",
    "failed": "select checks_failed - (select count(exception) from marts.check_results where run = {0}) "
    "from marts.runs where run = {0}",
}
_VERDICTS = {
    "passed": "verdict = 'passed'",
    "failed": "verdict = 'failed' and exception is null",
    "excepted": "verdict = 'failed' and exception is not null",
    "not_applicable": "verdict = 'not applicable'",
}
_DISCLOSED = (
    "from marts.disclosures where recipient = '{0}' and purpose = '{1}' and strftime(disclosed_at, '%Y-%m') = '{2}'"
)


def query(name: str) -> str:
    """The query on governance that gives a figure of this name again."""
    kind, _, rest = name.partition(".")
    parts = rest.split(".")
    if kind == "settings":
        return f"select value from marts.about where fact = '{rest}'"
    if kind == "windows":
        window = f"data_category = '{parts[0]}' and purpose = '{parts[1]}'"
        return f"select period_months from marts.retention_windows where {window}"
    if kind == "runs":
        return _OF_RUN[parts[1]].format(parts[0])
    if kind == "rules":
        last = (
            f"from marts.check_results where run = (select max(run) from marts.check_results) and code = '{parts[0]}'"
        )
        if parts[1] == "examined":
            return f"select coalesce(sum(examined), 0) {last}"
        return f"select count(*) filter ({_VERDICTS[parts[1]]}) {last}".replace("filter (", "filter (where ")
    if kind == "disclosures":
        if parts[3] == "files":
            return f"select count(*) {_DISCLOSED.format(*parts)}"
        few = f"select case when sum(persons) < {_K} then '<' || {_K} else cast(sum(persons) as varchar) end"
        return f"{few} {_DISCLOSED.format(*parts)}"
    if kind == "scorecard":
        value = f"select value from marts.trust_scorecard where figure = '{parts[0]}' and subject = '{parts[1]}'"
        if parts[0] == "addresses_disclosed":
            recipient, _, purpose = parts[1].partition(" for ")
            months = (
                "select sum(persons) as persons from marts.disclosures "
                f"where recipient = '{recipient}' and purpose = '{purpose}' group by date_trunc('month', disclosed_at)"
            )
            least = f"(select min(persons) from ({months}))"
            return f"select case when {least} < {_K} then 'withheld' else cast(({value}) as varchar) end"
        return value
    raise AssertionError(f"no query for {name}")


def same(shown: str, value: Any) -> bool:
    """Whether a figure is the value of its query: as a number, or as it is."""
    if value is None:
        return shown == ""
    try:
        return float(shown) == float(value)
    except ValueError:
        return shown == str(value)


def test_every_figure_on_every_page_is_given_again_by_its_query(shop: Warehouse, read: dict[str, Read]) -> None:
    held_ledger = ledger.read(shop.settings)
    of_ledger: dict[str, Callable[[], Any]] = {
        "ledger.size": lambda: len(held_ledger.entries),
        "ledger.public_key": lambda: (shop.settings.ledger / "public.key").read_text(encoding="ascii").strip(),
    }
    found: dict[str, int] = {}
    with duckdb.connect(str(shop.settings.published / "governance.duckdb"), read_only=True) as connection:
        for page, content in read.items():
            for name, value, _ in content.figures:
                kind = name.partition(".")[0]
                found[kind] = found.get(kind, 0) + 1
                if kind == "versions":
                    entry = held_ledger.entries[int(name.split(".")[1]) - 1]
                    assert (entry["kind"], entry["version"]) == ("policy", value)
                elif kind == "ledger":
                    assert same(value, of_ledger[name]()), name
                else:
                    ((again,),) = connection.execute(query(name)).fetchall()
                    assert same(value, again), (page, name, value, again)
    assert set(found) == {"settings", "windows", "runs", "rules", "disclosures", "scorecard", "versions", "ledger"}
    assert found["rules"] > 1000


def test_what_is_read_is_the_value_of_the_figure(read: dict[str, Read]) -> None:
    examined = 0
    for page, content in read.items():
        for name, value, text in content.figures:
            if not value.isdecimal() or name.startswith("windows."):
                continue
            numbers = {re.sub(r"\D", "", number) for number in re.findall(r"\d[\d\u00a0,]*", text)}
            assert value in numbers, (page, name, value, text)
            examined += 1
    assert examined > 1000


def test_both_languages_show_the_same_figures_and_the_same_claims(read: dict[str, Read]) -> None:
    for page in pages.PAGES:
        french, english = (read[pages.path(language, page)] for language in LANGUAGES)
        assert [(name, value) for name, value, _ in french.figures] == [
            (name, value) for name, value, _ in english.figures
        ]
        assert french.claims == english.claims


def test_no_other_number_stands_on_the_scorecard_or_among_what_was_given_out(read: dict[str, Read]) -> None:
    shown = {name for name, _, _ in read["fr/tableau-de-bord.html"].figures}
    assert "scorecard.addresses_disclosed.courriels-de-loire for marketing" in shown
    text = read["fr/tableau-de-bord.html"].text
    assert "moins de 5\u00a0: nous n\u2019en disons pas plus" in text
    assert "1\u00a0234,5" not in text, "days are rounded"
    received = read["fr/destinataires.html"].text
    assert "moins de 5" in received
    assert "1\u00a0234" in received


# --- what is said -------------------------------------------------------------------------------------------------


def test_the_twin_for_machines_keeps_its_schema_and_says_what_the_pages_say(
    policy: dict[str, Any], read: dict[str, Read]
) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(policy, SCHEMA)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(policy | {"persons": []}, SCHEMA)
    for language, page in (("fr", "fr/vos-donnees.html"), ("en", "en/your-data.html")):
        for category in policy["categories"]:
            assert category["name"][language] in read[page].text
            for detail in category["details"]:
                assert detail["name"][language] in read[page].text


def test_a_refused_run_is_shown_openly_with_what_failed_and_what_proved_it_before(
    shop: Warehouse, read: dict[str, Read], policy: dict[str, Any]
) -> None:
    for page in ("fr/index.html", "fr/controles.html"):
        assert "La mise à jour n°\u00a02 du" in read[page].text
        assert "a été refusée" in read[page].text
        assert "encore avec les fichiers de la mise à jour n°\u00a01" in read[page].text
    claims = {claim["code"]: claim for claim in policy["claims"]}
    assert (claims["KEEP-1"]["state"], claims["KEEP-1"]["run"], claims["KEEP-1"]["failed"]) == (
        "earlier",
        1,
        ["RET-01"],
    )
    assert (claims["OFFER-1"]["state"], claims["OFFER-1"]["nothing_examined"]) == ("earlier", ["OPT-01"])
    assert (claims["PROTECT-3"]["state"], claims["PROTECT-3"]["excepted"]) == ("earlier", ["PAT-01"])
    assert claims["PROTECT-3"]["nothing_examined"] == []
    assert (claims["SEE-10"]["state"], claims["SEE-10"]["failed"]) == ("earlier", []), "nothing was published"
    assert claims["FORGET-2"]["state"] == "never"
    text = re.sub(r"[ \n]+", " ", read["fr/controles.html"].text)
    assert "prouvé pour la dernière fois par la mise à jour n°\u00a01" in text
    assert "échec à la mise à jour n°\u00a02\u00a0: RET-01" in text
    assert "échec sous dérogation à la mise à jour n°\u00a02\u00a0: PAT-01" in text
    assert "la mise à jour n°\u00a02 n\u2019a pas été publiée" in text
    assert "Product numbers look like addresses." in text
    assert "Data team" not in text, "who answers for an exception is not public"
    assert "Checks failed, so nothing was published" not in (shop.settings.site / "policy.json").read_text("utf-8")
    assert "Checks failed, so nothing was published" not in read["en/checks.html"].text
    assert policy["published_run"] == 1


def test_of_a_run_that_stopped_the_site_does_not_say_that_nothing_was_published(policy: dict[str, Any]) -> None:
    stopped, *others = policy["runs"]
    told = pages.files(policy | {"runs": [stopped | {"verdict": "stopped"}, *others]})
    for page in ("fr/index.html", "fr/controles.html"):
        assert "s\u2019est arrêtée avant la fin." in told[page]
        assert "n\u2019a été publié." not in told[page]
        assert "encore avec les fichiers" not in told[page]


def test_a_refused_run_after_many_others_still_names_the_last_one_that_published(policy: dict[str, Any]) -> None:
    refused = [run for run in policy["runs"] if run["verdict"] == "refused"]
    told = pages.files(policy | {"runs": refused})
    assert "encore avec les fichiers de la mise à jour n°\u00a01" in told["fr/index.html"]
    told = pages.files(policy | {"runs": refused, "published_run": None})
    assert "Aucune mise à jour n\u2019avait encore été publiée." in told["fr/index.html"]


def test_a_shop_without_requests_and_birth_dates_has_proven_nothing_about_them(tmp_path: Path) -> None:
    shop = Warehouse(tmp_path)
    write_demo(shop.landing, customers=60, seed=7, until=datetime.now(UTC).date())
    (shop.landing / "erasure_requests.parquet").unlink()
    with duckdb.connect() as connection:
        for file in files(shop.landing, "customers"):
            connection.execute(f"create or replace table customers as select * exclude (birth_date) from '{file}'")
            connection.execute(f"copy customers to '{file}' (format parquet)")
    shop.run()
    found = shop.query(
        "governance",
        """
        select code, verdict, reason
        from marts.check_results
        where code in ('ERA-02', 'OPT-01', 'OPT-02', 'OFR-01', 'PSE-04', 'REQ-01')
        """,
    )
    verdicts = {code: (verdict, reason) for code, verdict, reason in found}
    assert verdicts.pop("ERA-02") == ("not applicable", "no request to forget is in effect")
    assert verdicts.pop("OPT-02") == ("not applicable", "of nobody in marketing is the date of birth known")
    assert set(verdicts.values()) == {("passed", "")}

    assert shop.bigtrust("site").exit_code == 0
    told = json.loads((shop.settings.site / "policy.json").read_text(encoding="utf-8"))
    states = {claim["code"]: claim["state"] for claim in told["claims"]}
    assert [states[code] for code in ("FORGET-1", "FORGET-5", "OFFER-2")] == ["never"] * 3
    assert [states[code] for code in ("OFFER-1", "OFFER-3", "KEEP-1")] == ["proven"] * 3


def test_who_answers_and_how_to_reach_them_is_what_the_policy_says(
    policy: dict[str, Any], read: dict[str, Read]
) -> None:
    of_role = {row["role"]: row for row in rows_of("controller")}
    contacts = {role: row["contact"].replace(";", ",") for role, row in of_role.items()}
    company = policy["company"]
    assert (company["name"], company["contact"]) == (of_role["controller"]["name"], contacts["controller"])
    assert {other["role"]: other["contact"] for other in company["others"]} == {
        "data_protection_officer": contacts["data_protection_officer"]
    }
    for name in HTML[1:]:
        assert f"mailto:{company['email']}" in read[name].links
    for name in ("fr/vos-droits.html", "en/your-rights.html"):
        assert contacts.keys() == {"controller", "data_protection_officer"}
        assert all(contact in read[name].text for contact in contacts.values())
        alone = pages.files(policy | {"company": company | {"others": []}})[name]
        assert contacts["data_protection_officer"] not in alone
        assert contacts["controller"] in alone


def test_a_transfer_outside_the_european_economic_area_is_told_with_what_allows_it(
    policy: dict[str, Any], read: dict[str, Read]
) -> None:
    told = {
        "fr/destinataires.html": (
            "Aucun de ces destinataires n\u2019est hors de l\u2019Espace",
            "Hors de l\u2019Espace",
        ),
        "en/recipients.html": ("None of these recipients is outside the European", "Outside the European"),
    }
    basis = {"fr": "Décision d'adéquation", "en": "Adequacy decision"}
    (first, *others) = policy["recipients"]
    abroad = pages.files(policy | {"recipients": [first | {"transfer_basis": basis}, *others]})
    for name, (none, some) in told.items():
        assert none in read[name].text
        assert some not in read[name].text
        assert some in abroad[name]
        assert none not in abroad[name]


def test_versions_of_the_policy_are_told_row_by_row(read: dict[str, Read]) -> None:
    text = re.sub(r"[ \n]+", " ", read["fr/versions.html"].text)
    assert "Version 2027-01-01" in text
    assert "Vos achats · Analyses, durée\u00a0: 3 ans → 2 ans." in text
    assert "Retiré de «\u00a0durées\u00a0»\u00a0: Vos retours · Marketing" in text
    assert "Première version." in text


def test_every_claim_is_told_with_its_rules_where_checks_are(read: dict[str, Read], policy: dict[str, Any]) -> None:
    checks = read["en/checks.html"]
    assert sorted(checks.claims) == sorted(claim["code"] for claim in policy["claims"])
    assert {claim["code"] for claim in policy["claims"]} <= set(checks.ids)
    assert {f"rule-{rule['code']}" for rule in policy["rules"]} <= set(checks.ids)


# --- what it is made of -------------------------------------------------------------------------------------------


def test_nothing_of_anybody_is_on_the_site(shop: Warehouse) -> None:
    search = Search(identifiers_and_free_text(shop.landing))
    assert len(search.patterns) > 5_000
    assert list(search.files_that_leak(shop.settings.site)) == []


@pytest.mark.parametrize("name", HTML)
def test_a_page_loads_only_what_lies_beside_it_and_leads_to_what_exists(
    name: str, shop: Warehouse, read: dict[str, Read]
) -> None:
    page, site = read[name], shop.settings.site
    text = (site / name).read_text(encoding="utf-8")
    (security_policy,) = [value for tag, name, value in page.attributes if tag == "meta" and "default-src" in value]
    assert security_policy.startswith("default-src 'none'; style-src 'self'")
    assert text.index("Content-Security-Policy") < text.index("<title>")
    assert ("script-src" in text) == ("<script" in text) == name.startswith(("fr/verifier", "en/verify"))
    assert not re.search(r"https?://(?!www\.w3\.org/(2000/svg|1999/xlink)\b)|@import|url\((?![\"']?#)", text)
    assert [name for _, name, _ in page.attributes if name.startswith("on") or name == "style"] == []
    assert len(page.ids) == len(set(page.ids))
    for link in page.links:
        if link.startswith(("mailto:", "data:")):
            continue
        target, _, anchor = link.partition("#")
        file = (site / name).parent / target if target else site / name
        assert file.resolve().is_file(), link
        if anchor:
            ids = read[str(file.resolve().relative_to(site.resolve()))].ids
            assert anchor in ids, link


def test_everybody_may_read_it_and_nothing_else_lies_there(shop: Warehouse) -> None:
    site = shop.settings.site
    found = {str(path.relative_to(site)) for path in site.rglob("*") if path.is_file()}
    assert found == {*HTML, "policy.json", "style.css"}
    for path in [site, *site.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o755 if path.is_dir() else 0o644)
    assert [path.name for path in site.parent.iterdir() if path.name.startswith(".site")] == []


# --- what stops it ------------------------------------------------------------------------------------------------


@pytest.fixture
def broken(shop: Warehouse, tmp_path: Path) -> Iterator[Warehouse]:
    """What the site is made from, to be broken, and an old site that must stay."""
    for folder in ("published", "ledger", "site"):
        shutil.copytree(shop.root / folder, tmp_path / folder)
    (tmp_path / "warehouse" / "dbt" / "target").mkdir(parents=True)
    shutil.copy(shop.settings.dbt_target / "manifest.json", tmp_path / "warehouse" / "dbt" / "target")
    shutil.copytree(shop.settings.lineage, tmp_path / "warehouse" / "lineage")
    shutil.copytree(shop.settings.warehouse / "policy", tmp_path / "warehouse" / "policy")
    warehouse = Warehouse(tmp_path)
    before = (warehouse.settings.site / "policy.json").read_bytes()
    yield warehouse
    assert (warehouse.settings.site / "policy.json").read_bytes() == before


def refusal(warehouse: Warehouse) -> str:
    result = warehouse.bigtrust("site")
    assert result.exit_code == 2, result.output
    return " ".join(result.stderr.split())


@pytest.mark.parametrize(
    "missing",
    ["published/governance.duckdb", "warehouse/dbt/target/manifest.json", "warehouse/lineage/lineage.json"],
)
def test_before_a_run_there_is_nothing_to_say(broken: Warehouse, missing: str) -> None:
    (broken.root / missing).unlink()
    assert "run first: bigtrust run" in refusal(broken)


def test_without_a_whole_ledger_there_are_no_versions_to_tell(broken: Warehouse) -> None:
    page = max(broken.settings.ledger.glob("*.json"))
    page.write_bytes(page.read_bytes().replace(b"2027-01-01", b"2027-01-02"))
    assert f"{page.name} holds other entries than its tree head says" in refusal(broken)
    shutil.rmtree(broken.settings.ledger)
    assert "how to reach them (seeds/policy/controller.csv). Run again" in refusal(broken)


def test_a_detail_that_nobody_described_is_not_published_and_is_named(broken: Warehouse) -> None:
    manifest = broken.settings.dbt_target / "manifest.json"
    content = json.loads(manifest.read_text(encoding="utf-8"))
    (source,) = (source for name, source in content["sources"].items() if name.endswith(".landing.customers"))
    source["columns"]["shoe_size"] = source["columns"]["birth_date"] | {"name": "shoe_size"}
    manifest.write_text(json.dumps(content), encoding="utf-8")
    assert "does not know customers.shoe_size" in refusal(broken), "manifest and lineage are of two runs"
    lineage = broken.settings.lineage / "lineage.json"
    known = json.loads(lineage.read_text(encoding="utf-8"))
    known["columns"].append({"column": "customers.shoe_size", "class": "quasi identifier", "goes_to": []})
    lineage.write_text(json.dumps(known), encoding="utf-8")
    assert "says nothing of details.customers.shoe_size" in refusal(broken)


def test_a_landing_table_of_no_category_is_named(broken: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held, "CATEGORIES", {name: of for name, of in held.CATEGORIES.items() if name != "returns"})
    assert "landing table returns belongs to no category" in refusal(broken)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            "update marts.purposes set legal_basis = 'Because we can'",
            "has no French for what seeds/policy/ says: 'Because we can'",
        ),
        ("delete from marts.about where fact = 'k'", "does not say k as a whole number"),
        ("drop table marts.trust_scorecard", "is none that this version reads"),
        ("insert into marts.trust_scorecard values ('smiles', 'all', 1)", "says nothing of scorecard.smiles.name"),
        ("delete from marts.runs", "knows of no run"),
    ],
)
def test_what_cannot_be_said_or_read_stops_the_build(broken: Warehouse, change: str, message: str) -> None:
    with duckdb.connect(str(broken.settings.published / "governance.duckdb")) as connection:
        connection.execute(change)
    assert message in refusal(broken)
