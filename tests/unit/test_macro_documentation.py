"""Every macro is alone in a file of its name and documented, with each of its arguments."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bigtrust.settings import PROJECT

MACROS = PROJECT / "macros"
FILES = sorted(MACROS.rglob("*.sql"))
DEFINITION = re.compile(r"\{%-?\s*macro\s+(\w+)\((.*?)\)\s*-?%\}", flags=re.DOTALL)


def documented() -> dict[str, dict[str, Any]]:
    """The YAML entry of every macro, from the file beside it."""
    entries: dict[str, dict[str, Any]] = {}
    for path in MACROS.rglob("*.yml"):
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["macros"]:
            assert entry["name"] not in entries, f"{entry['name']} is documented twice"
            entries[entry["name"]] = entry | {"folder": path.parent}
    return entries


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_a_macro_is_documented_with_all_its_arguments(path: Path) -> None:
    definitions = DEFINITION.findall(path.read_text(encoding="utf-8"))
    assert [name for name, _ in definitions] == [path.stem], "one macro per file, file name = macro name"
    arguments = [argument.partition("=")[0].strip() for argument in split(definitions[0][1])]
    entry = documented().get(path.stem)
    assert entry, f"Describe the macro {path.stem} in {path.parent.name}/_{path.parent.name}__macros.yml."
    assert entry["folder"] == path.parent
    assert entry["description"].strip()
    described = entry.get("arguments", [])
    assert [argument["name"] for argument in described] == arguments
    assert all(argument["description"].strip() and argument["type"] for argument in described)


def test_no_macro_is_documented_that_is_gone() -> None:
    assert set(documented()) == {path.stem for path in FILES}


def split(arguments: str) -> list[str]:
    """The arguments of a definition; a comma inside brackets separates none."""
    return [part for part in re.split(r",(?![^\[{(]*[\]})])", arguments) if part.strip()]
