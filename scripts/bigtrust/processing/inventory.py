"""The data inventory: where each landing column goes, and what each published column is made from."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bigtrust.errors import ConfigurationError
from bigtrust.lineage.declared import ENDS
from bigtrust.processing.metadata import Metadata, meta
from bigtrust.processing.tables import Table
from bigtrust.settings import PUBLICATIONS

_WINDOW = re.compile(r"""visible_until\(\s*["'](\w+)["'],\s*["'](\w+)["']""")  # as models write the macro
_SOURCES = {"landing": "landing: the source systems deliver it", "register": "register: requests to forget"}


def landing_columns(metadata: Metadata) -> Table:
    """Each column that comes from outside, in the order of the contract: its class, and where it goes."""
    known = {column["column"]: column for column in metadata.lineage["columns"]}
    windows = windows_of_relations(metadata)
    rows = []
    for table in metadata.landed:
        about = meta(table)
        source = _SOURCES["register" if about.get("register") else table["source_name"]]
        for name, column in table["columns"].items():
            found = known.get(f"{table['name']}.{name}")
            if found is None:
                raise ConfigurationError(
                    f"The lineage of the last run does not know {table['name']}.{name}. Run `bigtrust run "
                    "--full-refresh`, which writes it anew."
                )
            places = {_place(there["relation"]) for there in found["goes_to"]}
            rows.append(
                {
                    "table": str(table["name"]),
                    "column": name,
                    "identifier_class": str(found["class"]),
                    "data_category": _words(about.get("data_category", "")),
                    "data_subjects": str(about.get("data_subjects", "")),
                    "source": source,
                    "is_published": "yes" if places else "no",
                    "goes_to": _unique(
                        f"{'.'.join(_place(there['relation']))}.{there['column']}, {_treated(there)}"
                        for there in found["goes_to"]
                    ),
                    "expires_as": _unique(
                        f"{publication}: {category}"
                        for publication, relation in sorted(places, key=_order)
                        for category in windows.get((publication, relation), {})
                    ),
                    "windows": _unique(
                        f"{publication}: {window}"
                        for publication, relation in sorted(places, key=_order)
                        for window in windows.get((publication, relation), {}).values()
                    ),
                    "description": _line(column["description"]),
                }
            )
    return Table("landing_columns", ("table", "column"), tuple(rows[0]), tuple(rows), frozenset({"windows"}))


def published_columns(metadata: Metadata) -> Table:
    """Each column of a publication, whether a view shows it or only the table beneath holds it."""
    windows = windows_of_relations(metadata)
    purposes = {row["publication"]: row for row in metadata.policy["purposes"]}
    found: dict[tuple[str, str], dict[str, Any]] = {}
    # views first: they are what people see, and describe it
    models = sorted(metadata.models, key=lambda node: node["schema"] != "marts")
    for node in models:
        if node["database"] not in PUBLICATIONS:
            continue
        columns = found.setdefault((node["database"], node["alias"]), {})
        flows = metadata.lineage["publications"].get(f"{node['database']}.{node['schema']}.{node['alias']}", {})
        for name, column in node["columns"].items():
            columns.setdefault(name, {"column": column, "flows": flows.get(name, ()), "schemas": []})
            columns[name]["schemas"].append(node["schema"])
    rows = []
    for place in sorted(found, key=_order):
        publication, relation = place
        purpose = purposes.get(publication)
        if purpose is None:
            raise ConfigurationError(
                f"seeds/policy/purposes.csv has no purpose for the publication {publication}. Add it: nothing is "
                "published without one."
            )
        for name, column in found[place].items():
            declared = meta(column["column"]).get("treatment")
            applied = sorted({treatment for flow in column["flows"] for treatment in flow["by"]})
            rows.append(
                {
                    "publication": publication,
                    "relation": relation,
                    "column": name,
                    "shown": "yes" if "marts" in column["schemas"] else "no: only in the table beneath",
                    "data_type": str(column["column"]["data_type"] or ""),
                    "treatment": _words(declared or ", ".join(applied) or "none"),
                    "derived_from": _unique(f"{flow['from']}, {_treated(flow)}" for flow in column["flows"]),
                    "purpose": purpose["purpose"],
                    "audience": purpose["audience"],
                    "expires_as": tuple(windows.get(place, {})),
                    "windows": tuple(windows.get(place, {}).values()),
                    "description": _line(column["column"]["description"]),
                }
            )
    key = ("publication", "relation", "column")
    return Table("published_columns", key, tuple(rows[0]), tuple(rows), frozenset({"audience", "windows"}))


def windows_of_relations(metadata: Metadata) -> dict[tuple[str, str], dict[str, str]]:
    """The retention windows that bound each published relation, by publication and relation, then by data category.

    They are those that the SQL of its models names for its purpose, and that of what they are made from; pseudonym maps
    aside, which keep a pseudonym as long as any purpose of their domain needs it. Raises ConfigurationError for a
    relation whose rows expire by no window that is named, and for a window that the policy does not have.
    """
    nodes = {node["unique_id"]: node for node in metadata.models}
    publications = {row["purpose"]: row["publication"] for row in metadata.policy["purposes"]}
    periods = {(row["data_category"], row["purpose"]): row for row in metadata.policy["retention_windows"]}
    found: dict[tuple[str, str], dict[str, str]] = {}
    for node in metadata.models:
        if node["database"] not in PUBLICATIONS:
            continue
        named = {
            (category, purpose)
            for code in _code(node, nodes, set())
            for category, purpose in _WINDOW.findall(code)
            if publications.get(purpose) == node["database"]
        }
        if ENDS in node["columns"] and not named:
            raise ConfigurationError(
                f"Model {node['name']} has a retention window that the record cannot name. Write the macro "
                "visible_until with the data category and the purpose as plain texts."
            )
        for window in sorted(named - periods.keys()):
            raise ConfigurationError(
                f"seeds/policy/retention_windows.csv has no window of {window[0]} for {window[1]}, but model "
                f"{node['name']} reads one. Add it."
            )
        windows = {_words(window[0]): window_text(periods[window]) for window in sorted(named)}
        found.setdefault((node["database"], node["alias"]), {}).update(windows)
    return found


def window_text(window: Mapping[str, str]) -> str:
    """A retention window in words."""
    months = f"{window['period_months']} month{'' if window['period_months'] == '1' else 's'}"
    return f"{_words(window['data_category'])}: {months} from {_words(window['start_event'])}"


def _code(node: Mapping[str, Any], nodes: Mapping[str, Mapping[str, Any]], seen: set[str]) -> Iterator[str]:
    seen.add(str(node["unique_id"]))
    yield str(node["raw_code"])
    for name in node["depends_on"]["nodes"]:
        if name in nodes and name not in seen and "domain" not in meta(nodes[name]):
            yield from _code(nodes[name], nodes, seen)


def _place(relation: str) -> tuple[str, str]:
    publication, _, name = relation.split(".")
    return publication, name


def _order(place: tuple[str, str]) -> tuple[int, str]:
    return PUBLICATIONS.index(place[0]), place[1]


def _treated(flow: Mapping[str, Any]) -> str:
    return f"as {flow['as']}" + (f" by {_words(', then '.join(flow['by']))}" if flow["by"] else "")


def _unique(texts: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))


def _words(name: str) -> str:
    return name.replace("_", " ")


def _line(text: str) -> str:
    return " ".join(text.split())
