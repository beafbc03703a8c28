"""What the till offers to forget: a file for tills, and a page for a counter or telephone screen.

Both are made from governance's relations `forget_offers` and `about`, which hold policy and no personal data, after
they have passed their checks. `docs/schemas/forget_offers.schema.json` specifies the file.
"""

import json
import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import duckdb
from jinja2 import Environment, StrictUndefined, Template

from bigtrust import html, yaml_file
from bigtrust.files import write_together

SCHEMA_VERSION = 1
OFFERS, PAGE = "forget_offers.json", "index.html"
LANGUAGES = ("fr", "en")
FOLDER = Path(__file__).parent
UNKNOWN_SENSITIVE = "select count(*) from marts.forget_offers where not is_delivered"  # on the publication governance
_SAID = ("what_happens", "by_when", "what_the_law_keeps")
_TILDE = str.maketrans({"~": "~7E", "%": "~"})

Texts = dict[str, Any]  # a text by language, or such texts by name


def publish(governance: Path, folder: Path) -> None:
    """Write the file and the page into `folder`, both or none; `governance` is the checked candidate.

    Raises OSError if the folder cannot be written; what was published before is then untouched.
    """
    content = offers(governance)
    if not folder.exists():
        folder.mkdir(parents=True)
        folder.chmod(0o755)  # it holds nothing of anybody
    text = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
    write_together({folder / OFFERS: text, folder / PAGE: page(content)}, mode=0o644)


def offers(governance: Path) -> dict[str, Any]:
    """Return the content of the file: for each category whether to offer, why, and what to say."""
    with duckdb.connect(str(governance), read_only=True) as connection:
        about = dict(connection.execute("select fact, value from marts.about").fetchall())
        rows = connection.execute(
            "select category_id, name, why, replacement_cycle_months from marts.forget_offers order by all"
        ).fetchall()
    days = int(about["forget_promise_days"])
    common = {name: said(name, days=days) for name in _SAID}
    return {
        "schema_version": SCHEMA_VERSION,
        "policy_version": about["policy_version"],
        "run": int(about["run"]),
        "built_at": about["built_at"],
        "promise": {"within_days": days, "at_the_latest": "P1M", "legal_source": "GDPR art. 12(3)"},
        "categories": [_category(category_id, name, why, cycle, common) for category_id, name, why, cycle in rows],
    }


def page(content: dict[str, Any]) -> str:
    """Return the page (HTML) for the content of the file. It runs no script and loads nothing."""
    offered = sorted((entry for entry in content["categories"] if entry["offer"]), key=_alphabetically)
    shown = {
        "about": content,
        "groups": {why: [entry for entry in offered if entry["why"] == why] for why in texts()["page"]["groups"]},
        "texts": texts()["page"],
        "languages": LANGUAGES,
        "said": _SAID,
    }
    return html.page(FOLDER, "page.j2", shown, {"typeset": _typeset, "anchor": anchor})


@cache
def texts() -> Texts:
    """Return what the till says, before anything is filled in."""
    return yaml_file.mapping(FOLDER / "texts.yml")


def said(name: str, **values: Any) -> dict[str, str]:
    """Return a text of texts.yml in both languages, filled in; `name` is its path, such as `sentence.sensitive`."""
    text = texts()
    for part in name.split("."):
        text = text[part]
    return {language: _template(text[language]).render(values) for language in LANGUAGES}


def anchor(category_id: str) -> str:
    """Return the fragment of the page that shows a category: letters, digits and -._~ only, another for each."""
    return quote(category_id, safe="").translate(_TILDE)


@cache
def _template(text: str) -> Template:
    return Environment(undefined=StrictUndefined, autoescape=False).from_string(text)  # noqa: S701  # plain text


def _category(category_id: str, name: str | None, why: str | None, cycle: int | None, common: Texts) -> dict[str, Any]:
    entry: dict[str, Any] = {"category_id": category_id, "name": name, "offer": why is not None}
    if why is None:
        return entry
    return entry | {
        "why": why,
        "sentence": said(f"sentence.{why}", cycle=_cycle(cycle)),
        **common,
        "page": f"{PAGE}#{anchor(category_id)}",
    }


def _cycle(months: int | None) -> dict[str, str]:
    """A replacement cycle as one says it: in years, from two years on."""
    if months is None:
        return {"fr": "", "en": ""}
    if months < 24:
        return {"fr": f"{months} mois", "en": f"{months} months"}
    years = (months + 6) // 12
    return {"fr": f"{years} ans", "en": f"{years} years"}


def _alphabetically(entry: dict[str, Any]) -> str:
    """As in a dictionary: É is an E."""
    letters = unicodedata.normalize("NFD", entry["name"] or entry["category_id"])
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).casefold()


def _typeset(text: str, language: str) -> str:
    """Curved apostrophes; and French puts a space before some marks, at which the line must not break."""
    text = text.replace("'", "\u2019")
    return re.sub(" (?=[?!:;»])|(?<=«) ", "\u00a0", text) if language == "fr" else text
