"""Every macro and materialization is alone in a file of its name and documented, with each of its arguments."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bigtrust.settings import PROJECT

MACROS = PROJECT / "macros"
FILES = sorted(MACROS.rglob("*.sql"))
DEFINITION = re.compile(r"\{%-?\s*macro\s+(\w+)\((.*?)\)\s*-?%\}", flags=re.DOTALL)
MATERIALIZATION = re.compile(r"\{%-?\s*materialization\s+(\w+),\s*adapter\s*=\s*\"(\w+)\"\s*-?%\}")


def documented() -> dict[str, dict[str, Any]]:
    """The YAML entry of every macro, from the file beside it."""
    entries: dict[str, dict[str, Any]] = {}
    for path in MACROS.rglob("*.yml"):
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["macros"]:
            assert entry["name"] not in entries, f"{entry['name']} is documented twice"
            entries[entry["name"]] = entry | {"folder": path.parent}
    return entries


def defined(path: Path) -> list[tuple[str, str, str]]:
    """What a file defines: the stem that its name should have, dbt's name of the macro, and its arguments.

    A materialization is a macro, too: dbt calls it `materialization_<name>_<adapter>`, and it has no arguments.
    """
    text = path.read_text(encoding="utf-8")
    macros = [(name, name, arguments) for name, arguments in DEFINITION.findall(text)]
    materializations = [
        (f"materialization_{name}", f"materialization_{name}_{adapter}", "")
        for name, adapter in MATERIALIZATION.findall(text)
    ]
    return macros + materializations


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_a_macro_is_documented_with_all_its_arguments(path: Path) -> None:
    definitions = defined(path)
    assert [stem for stem, _, _ in definitions] == [path.stem], "one macro per file, file name = macro name"
    ((_, name, signature),) = definitions
    arguments = [argument.partition("=")[0].strip() for argument in split(signature)]
    entry = documented().get(name)
    assert entry, f"Describe the macro {name} in {path.parent.name}/_{path.parent.name}__macros.yml."
    assert entry["folder"] == path.parent
    assert entry["description"].strip()
    described = entry.get("arguments", [])
    assert [argument["name"] for argument in described] == arguments
    assert all(argument["description"].strip() and argument["type"] for argument in described)


def test_no_macro_is_documented_that_is_gone() -> None:
    assert set(documented()) == {name for path in FILES for _, name, _ in defined(path)}


def split(arguments: str) -> list[str]:
    """The arguments of a definition; a comma inside brackets separates none."""
    return [part for part in re.split(r",(?![^\[{(]*[\]})])", arguments) if part.strip()]
