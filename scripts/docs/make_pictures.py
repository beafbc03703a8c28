"""Make docs/images/run.svg again: what `bigtrust run` prints, on demo data, as a picture of a terminal.

Usage: .venv/bin/python scripts/docs/make_pictures.py

The demo data ends on a fixed day, so the counts change only when the demo data or the project does. The picture
names local fonts only: no page of this project loads anything from elsewhere.
"""

import os
import re
import subprocess
import sys
import tempfile
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import SVG_EXPORT_THEME
from rich.text import Text

from bigtrust.settings import FOLDERS, PROJECT

PICTURE = PROJECT / "docs" / "images" / "run.svg"
LAST_DAY = "2026-10-31"
FONTS = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"


def environment(folder: Path) -> dict[str, str]:
    """The variables of a warehouse in a folder: nothing that is made for a picture touches another one."""
    others = {name: value for name, value in os.environ.items() if "BIGTRUST" not in name}
    return {
        **others,
        **{f"BIGTRUST_{name.upper()}": str(folder / name) for name in FOLDERS},
        "BIGTRUST_SECRET_FILE": str(folder / "secrets" / "pseudonymisation.key"),
        "BIGTRUST_AS_OF": LAST_DAY,
        "PYTHONPATH": str(PROJECT / "scripts"),
    }


def output_of_a_run(folder: Path) -> str:
    """Write demo data into the folder, run the main job there, and return what it prints."""
    command, variables = [sys.executable, "-m", "bigtrust.cli"], environment(folder)
    subprocess.run([*command, "demo", "--until", LAST_DAY], env=variables, check=True, capture_output=True)
    done = subprocess.run([*command, "run"], env=variables, check=True, capture_output=True, text=True)
    return done.stdout


def shown(output: str) -> list[str]:
    """The lines of a run's output without those that differ from machine to machine (times, folders)."""
    return [
        line.rstrip()
        for line in output.splitlines()
        if not re.match(r"\d\d:\d\d:\d\d|Seconds|Summary|Run \d|Try|  \S", line)
    ]


def terminal(command: str, lines: list[str]) -> str:
    """An SVG picture of a terminal, without fonts from elsewhere."""
    console = Console(record=True, width=max(len(line) for line in lines) + 2, file=StringIO())
    console.print(Text.assemble(("$ ", "bold green"), (command, "bold")))
    for line in lines:
        console.print(Text(line, style="bold" if line in ("Landing", "Published") else ""))
    picture = console.export_svg(title="Big Trust", theme=SVG_EXPORT_THEME, unique_id="run")
    picture = re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL)
    picture = picture.replace("font-family: Fira Code, monospace", f"font-family: {FONTS}")
    return re.sub(r"<!--.*?-->\s*", "", picture, flags=re.DOTALL)


def main() -> None:
    """Write the picture."""
    with tempfile.TemporaryDirectory() as folder:
        lines = shown(output_of_a_run(Path(folder)))
    PICTURE.write_text(terminal("bigtrust run", lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
