"""Purposes: what seeds/policy/purposes.csv says of each publication, held against what dbt's manifest says of it."""

import csv
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from bigtrust.errors import ConfigurationError
from bigtrust.settings import PUBLICATIONS

FILE = Path("seeds/policy/purposes.csv")
# All that is forgotten starts here: who leaves it out depends on it.
ERASURE_REQUESTS = "erasure_requests"
_ABOUT_PERSONS = ("direct_identifier", "quasi_identifier", "free_text")


def load(project: Path) -> dict[str, bool]:
    """Return whether each publication honours erasure. Raises ConfigurationError unless it says true or false."""
    honours_erasure = {}
    with (project / FILE).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            said = (row.get("honours_erasure") or "").strip().lower()
            if said not in ("true", "false"):
                raise ConfigurationError(f"{FILE}: honours_erasure is neither true nor false. Write one of them.")
            honours_erasure[row.get("publication") or ""] = said == "true"
    return honours_erasure


def require_kept(manifest: Mapping[str, Any], honours_erasure: Mapping[str, bool]) -> dict[str, int]:
    """ERA-01: each publication has a purpose, and honours erasure just if its purpose says so.

    A publication honours erasure if every way from its models back to landing data about persons leads through a
    model of models/vault/kept/, and each of these depends on the erasure requests. `manifest` is dbt's manifest.json.
    Returns how many models were examined, by publication. Raises ConfigurationError naming the publication and the
    models.
    """
    examined: dict[str, int] = {}
    nodes: Mapping[str, Any] = manifest["nodes"]
    models = [node for node in nodes.values() if node["resource_type"] == "model"]
    for model in models:
        if _is_kept(model) and not _depends_on_requests(model, nodes):
            raise ConfigurationError(
                f"ERA-01: Model {model['name']} is in models/vault/kept/, but it leaves out nothing that was "
                "forgotten. Take models/vault/kept/kept_support_tickets.sql as the example."
            )
    for publication in PUBLICATIONS:
        published = [model for model in models if model["database"] == publication]
        examined[publication] = len(published)
        if published and publication not in honours_erasure:
            raise ConfigurationError(
                f"ERA-01: Publication {publication} has no purpose. Add it to {FILE} with its legal basis and audience."
            )
        unkept = [(model["name"], name) for model in published for name in _unkept(model, nodes)]
        if unkept and honours_erasure[publication]:
            reader, read = unkept[0]
            raise ConfigurationError(
                f"ERA-01: Publication {publication} honours erasure ({FILE}), but {reader} depends on {read}, in which "
                "forgotten rows still are. Read what is kept (models/vault/kept/)."
            )
        if published and not unkept and not honours_erasure[publication]:
            raise ConfigurationError(
                f"ERA-01: Publication {publication} does not honour erasure by {FILE}, but all that it reads is kept. "
                "Write true: what is published about the policy must be what is done."
            )
    return examined


def require_own_pseudonyms(manifest: Mapping[str, Any]) -> dict[str, int]:
    """PSE-03: each pseudonym of a publication is issued in the domain of that publication, and in no other.

    A column with `treatment: pseudonym` names in `issued_in` the map of the vault that it comes from; a map names its
    domain. Returns how many such columns there are, by publication that has any. Raises ConfigurationError naming the
    column.
    """
    examined: dict[str, int] = {}
    models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    domains = {model["name"]: model["config"]["meta"].get("domain") for model in models if _is_in(model, "vault")}
    for model in models:
        if model["database"] not in PUBLICATIONS:
            continue
        for name, column in model["columns"].items():
            meta = column["config"]["meta"]
            if meta.get("treatment") != "pseudonym":
                continue
            if domains.get(meta.get("issued_in")) != model["database"]:
                raise ConfigurationError(
                    f"PSE-03: Column {name} of model {model['name']} is no pseudonym of the domain "
                    f"{model['database']}. Name in issued_in a map of models/vault/ with that domain: the same person "
                    "must have unrelated pseudonyms in two publications."
                )
            examined[model["database"]] = examined.get(model["database"], 0) + 1
    return examined


def _unkept(model: Mapping[str, Any], nodes: Mapping[str, Any]) -> Iterator[str]:
    """The names of landing and staging relations about persons that a model reaches around the kept models.

    Not through another model of its publication: that one is looked at itself, and is the one to name.
    """

    def is_last(node: Mapping[str, Any]) -> bool:
        return (
            _is_kept(node) or _is_catalogue(node) or _only_narrows(node) or bool(node["database"] == model["database"])
        )

    for name in _ancestors(model, nodes, is_last):
        if name.startswith("source."):
            if ".landing." in name:
                yield name.rpartition(".")[2]
        elif _is_in(nodes[name], "staging") and not _is_catalogue(nodes[name]):
            yield nodes[name]["name"]


def _depends_on_requests(model: Mapping[str, Any], nodes: Mapping[str, Any]) -> bool:
    ancestors = _ancestors(model, nodes, lambda node: False)
    return any(name in nodes and nodes[name]["name"] == ERASURE_REQUESTS for name in ancestors)


def _ancestors(
    model: Mapping[str, Any], nodes: Mapping[str, Any], is_last: Callable[[Mapping[str, Any]], bool]
) -> Iterator[str]:
    """The unique ids of all that a model depends on, nearest first; behind what `is_last` nothing is looked at."""
    seen: set[str] = set()
    ahead = deque(model["depends_on"]["nodes"])
    while ahead:
        name = ahead.popleft()
        if name not in seen:
            seen.add(name)
            yield name
            node = nodes.get(name)
            if node is not None and not is_last(node):
                ahead.extend(node["depends_on"].get("nodes", ()))


def _is_kept(node: Mapping[str, Any]) -> bool:
    return _is_in(node, "vault") and "kept" in node["fqn"]


def _only_narrows(node: Mapping[str, Any]) -> bool:
    """A model that says which purchases and persons a build is about; what is said of them comes from elsewhere."""
    return _is_in(node, "vault") and "changes" in node["fqn"]


def _is_catalogue(node: Mapping[str, Any]) -> bool:
    """A staging model whose columns say nothing of a person: products and their categories."""
    return (
        _is_in(node, "staging")
        and bool(node["columns"])
        and not any(
            column["config"]["meta"].get("identifier_class") in _ABOUT_PERSONS for column in node["columns"].values()
        )
    )


def _is_in(node: Mapping[str, Any], folder: str) -> bool:
    return bool(node["resource_type"] == "model" and node["fqn"][1] == folder)
