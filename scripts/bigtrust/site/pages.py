"""The pages: each made from the content (what policy.json holds) and the words of a language, and nothing else."""

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup

from bigtrust import html
from bigtrust.site import drawings
from bigtrust.site.words import LANGUAGES, Words, words

PAGES = (
    "home",
    "data",
    "periods",
    "never",
    "forget",
    "rights",
    "recipients",
    "checks",
    "scorecard",
    "receipt",
    "versions",
)
FOLDER = Path(__file__).parent / "templates"
STYLE, TWIN, INDEX = "style.css", "policy.json", "index.html"
# Only what lies beside the page; no script, no frame, no form that is sent, no connection.
_POLICY = "default-src 'none'; style-src 'self'; img-src data:; connect-src 'none'; base-uri 'none'; form-action 'none'"


def files(content: Mapping[str, Any]) -> dict[str, str]:
    """Return every file of the site, by its path in it.

    Raises a BigTrustError for what has no words, and a jinja2.TemplateError for what the content lacks.
    """
    found = {
        TWIN: json.dumps(content, ensure_ascii=False, indent=1) + "\n",
        STYLE: (FOLDER / STYLE).read_text(encoding="utf-8"),
        INDEX: _index(content),
    }
    for language in LANGUAGES:
        for name in PAGES:
            found[path(language, name)] = _page(content, words(language), name)
    return found


def path(language: str, name: str) -> str:
    """Where a page lies in the site."""
    return f"{language}/{words(language).text(f'pages.{name}.file')}"


def _page(content: Mapping[str, Any], said: Words, name: str) -> str:
    others = [language for language in LANGUAGES if language != said.language]
    script, security_policy = None, _POLICY
    shown: dict[str, Any] = {
        "content": content,
        "w": said,
        "page": name,
        "pages": PAGES,
        "links": {page: said.text(f"pages.{page}.file") for page in PAGES},
        "company": content["company"],
        "other": {language: f"../{path(language, name)}" for language in others},
        "claims": {claim["code"]: claim for claim in content["claims"]},
        **_helpers(content, said),
        "figures": [
            name for name in said.names("scorecard") if name in {row["figure"] for row in content["scorecard"]}
        ],
        "drawn": {},
        "script": None,
    }
    if name == "periods":
        shown["drawn"] = {layout: drawings.timeline(said, content, layout) for layout in ("wide", "narrow")}
    elif name == "checks":
        shown["drawn"] = {layout: drawings.trend(said, content["runs"], layout) for layout in ("wide", "narrow")}
    elif name == "receipt":
        script = (FOLDER / "receipt.js").read_text(encoding="utf-8")
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        security_policy += f"; script-src 'sha256-{digest}'"
        shown |= {"script": Markup(script), "for_script": _for_script(content, said)}  # noqa: S704  # our own file
    return html.render(FOLDER, f"{name}.j2", {**shown, "security_policy": security_policy})


def _helpers(content: Mapping[str, Any], said: Words) -> dict[str, Any]:
    """Functions of the templates: codes of recipients, columns and figures in words."""
    names = {row["recipient"]: row["name"] for row in content["recipients"]}

    def subject(row: Mapping[str, Any]) -> str:
        recipient, is_disclosed, purpose = row["subject"].rpartition(" for ")
        if row["figure"] == "addresses_disclosed" and is_disclosed:
            purpose = said.text(f"disclosed_for.{purpose}")
            return said.text("scorecard.subject_for", recipient=names.get(recipient, recipient), purpose=purpose)
        return said.text(f"scorecard.subjects.{row['subject']}")

    def score(row: Mapping[str, Any]) -> Markup:
        value, k = row["value"], content["settings"]["k"]
        shown = said.text("scorecard.none")
        if row["withheld"]:
            shown = said.text("scorecard.withheld", k=k)
        elif value is not None:
            many = value >= 2 if said.language == "fr" else value != 1
            is_rough = row["figure"].startswith("days_") and value >= 10
            number = said.number(round(value) if is_rough else value)
            shown = said.text(f"scorecard.{row['figure']}.unit", n=number, many=many)
        told = "withheld" if row["withheld"] else "" if value is None else value
        text = Markup('<data data-figure="scorecard.{}.{}" value="{}">{}</data>')
        return text.format(row["figure"], row["subject"], told, shown)

    audiences = {row["publication"]: row["audience"][said.language] for row in content["purposes"]}

    def seen(detail: Mapping[str, Any]) -> str:
        """Who sees a detail as what; teams that see the same are named together."""
        teams: dict[str, list[str]] = {}
        for at in detail["seen"]:
            how = said.enumeration(dict.fromkeys(said.text(f"treatments.{treatment}") for treatment in at["as"]))
            teams.setdefault(how, []).append(audiences[at["publication"]])
        told = (said.text("data.sees", who=said.enumeration(who), how=how) for how, who in teams.items())
        return said.text("data.semicolon").join(told) or said.text("data.nobody")

    def linked(who: Mapping[str, str]) -> Markup:
        """A contact, in which the e-mail address is a link."""
        before, email, after = who["contact"].partition(who["email"])
        return Markup('{}<a href="mailto:{}">{}</a>{}').format(before, email, email, after)

    return {
        "seen": seen,
        "linked": linked,
        "names_of": lambda recipients: [names.get(recipient, recipient) for recipient in recipients],
        "details_of": lambda columns: [_inside(said.text(f"details.customers.{column}")) for column in columns],
        "subject": subject,
        "score": score,
    }


def _inside(text: str) -> str:
    """A name as it is written inside of a sentence."""
    return text[:1].lower() + text[1:]


def _index(content: Mapping[str, Any]) -> str:
    shown = {
        "said": {language: words(language) for language in LANGUAGES},
        "company": content["company"],
        "homes": {language: path(language, "home") for language in LANGUAGES},
        "security_policy": _POLICY,
    }
    return html.render(FOLDER, "index.j2", shown)


def _for_script(content: Mapping[str, Any], said: Words) -> Markup:
    """What the script of the receipt page is told, as JSON that cannot end its element."""
    results = {
        name: {part: said.text(f"receipt.results.{name}.{part}") for part in ("title", "text")}
        for name in said.names("receipt.results")
    }
    told = {
        "key": content["ledger"]["public_key"],
        "language": said.language,
        "results": results,
        **{
            part: {name: said.text(f"receipt.{part}.{name}") for name in said.names(f"receipt.{part}")}
            for part in ("checks", "states", "scopes")
        },
        "number": said.text("receipt.number"),
        "about": said.text("receipt.about"),
    }
    return Markup(json.dumps(told, ensure_ascii=False).replace("<", "\\u003c"))  # noqa: S704  # no < is left
