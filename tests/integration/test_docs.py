"""The guides are true: commands run, queries answer, what they name exists, nothing is loaded from elsewhere.

Blocks of README.md, CONTRIBUTING.md and docs/*.md:

    ```sh      run, in order, in a sandbox for each page; lines with `make` are only looked up
    ```console the same for the lines with a prompt ($)
    ```sql     run on the publication (or the vault) that has the relations; the columns of a ```text block that
               follows directly are compared
    ```python  run in the sandbox, or, if the block is a file of docs/examples, compiled
    ```yaml    read
    ```json    read, and compared with the schema that it belongs to
    ```text    not run

In the sandbox the BIGTRUST_ variables name folders of a demo warehouse, and these folders are the current one's.
"""

import configparser
import json
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import jsonschema
import make_pictures
import pytest
import yaml
from click.testing import CliRunner

from bigtrust import ledger, secret
from bigtrust.cli import main
from bigtrust.errors import ExitCode
from bigtrust.registry import CODES
from bigtrust.settings import FOLDERS, PROJECT, Settings
from warehouse import PUBLICATIONS, Warehouse

README, SCHEDULING = PROJECT / "README.md", PROJECT / "docs" / "scheduling.md"
FORGETTING = PROJECT / "docs" / "forgetting.md"
OWN_PAGES = [README, PROJECT / "CONTRIBUTING.md", PROJECT / "CHANGELOG.md", SCHEDULING, FORGETTING]
DECISIONS = sorted((PROJECT / "docs" / "decisions").glob("*.md"))
GUIDES = [README, PROJECT / "CONTRIBUTING.md", *sorted((PROJECT / "docs").glob("*.md"))]
PAGES = sorted({*OWN_PAGES, *GUIDES, *DECISIONS})
TILL_REQUEST = PROJECT / "docs" / "examples" / "till_request.json"
EXAMPLES = sorted(path for path in (PROJECT / "docs" / "examples").iterdir() if path != TILL_REQUEST)
COMMAND = "/opt/big-trust/.venv/bin/bigtrust"
# A run after requests to forget or an edit of the policy, a comparison of builds, a dry run: test_forgetting.py,
# test_till_requests.py, test_preview.py, test_non_interference.py and test_activation.py do just that.
RUN_ELSEWHERE = {
    (README, ".venv/bin/bigtrust run"),
    (FORGETTING, ".venv/bin/bigtrust run"),
    (PROJECT / "docs" / "retention.md", ".venv/bin/bigtrust run"),
    *(
        (PROJECT / "docs" / "marketing-guide.md", f".venv/bin/bigtrust activate {request} --dry-run")
        for request in (
            "--campaign winter --category lave-linge --recipient courriels-de-loire",
            "--recall --product P-10234 --from 2025-01-01 --to 2026-06-30 --recipient imprimerie-du-marais",
        )
    ),
    (PROJECT / "docs" / "checks.md", ".venv/bin/bigtrust check --non-interference --sample 50"),
    # test_access_report.py does it for customers whom the demo has
    *(
        (PROJECT / "docs" / "access-report.md", f".venv/bin/bigtrust access-report --customer C0012345 --output {rest}")
        for rest in ("~/reports/2026-117", "~/reports/2026-117-en --language en")
    ),
}
# Made by the project, ignored by git: named in the guides, absent from a clean checkout.
MADE = (
    "landing",
    "warehouse",
    "published",
    "register",
    "site",
    "ledger",
    ".secrets",
    ".venv",
    "runs",
    "data_docs",
    "pages",
    "reviews",
    "dbt",
)


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    page: Path
    line: int
    tag: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(PROJECT)}:{self.line}"


def blocks(page: Path) -> list[Block]:
    """All fenced blocks of a page."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(page, text[: match.start()].count("\n") + 1, match[1], match[2])
        for match in re.finditer(r"^```(\w*)\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    ]


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def tagged(*tags: str) -> list[Block]:
    """The blocks of all guides with one of the tags."""
    return [block for page in GUIDES for block in blocks(page) if block.tag in tags]


def ids(values: list[Path]) -> list[str]:
    """Names of test cases."""
    return [str(path.relative_to(PROJECT)) for path in values]


WITH_COMMANDS = [page for page in GUIDES if any(block.tag in ("sh", "console") for block in blocks(page))]


# --- commands ---------------------------------------------------------------------------------------------------


def commands(block: Block) -> Iterator[str]:
    """The commands of a block, with continued lines joined; of a console block, the lines with a prompt."""
    lines = block.text.replace("\\\n", " ").splitlines()
    if block.tag == "console":
        return (line.removeprefix("$ ") for line in lines if line.startswith("$ "))
    return (line for line in lines if line.strip() and block.tag == "sh")


def sandbox(warehouse: Warehouse) -> dict[str, str]:
    """Make a warehouse's root look like the project to a command, and return the environment of the command."""
    for name in (".venv", "docs", "scripts", "seeds"):
        (warehouse.root / name).symlink_to(PROJECT / name)
    return {**os.environ, **warehouse.environment, "BACKUP": str(warehouse.root / "backup")}


def require_target(command: str) -> None:
    """A line with `make` names targets that the Makefile has; what they do has tests of its own, or is this test."""
    done = subprocess.run(["make", "-n", *shlex.split(command)[1:]], cwd=PROJECT, capture_output=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stderr.decode()}"


@pytest.mark.slow
@pytest.mark.parametrize("page", WITH_COMMANDS, ids=ids(WITH_COMMANDS))
def test_every_command_of_a_guide_runs_in_the_order_of_the_guide(page: Path, warehouse: Warehouse) -> None:
    environment = sandbox(warehouse)
    script = ["set -eu"]
    for block in blocks(page):
        for command in commands(block):
            if command.startswith("make"):
                require_target(command)
            elif (page, command) in RUN_ELSEWHERE:
                _, name, *arguments = shlex.split(command)
                main.commands[name].make_context(name, arguments)
            else:
                script += [f"echo '{block}' >&2", command]
    # `export` lines name folders for trying things: here they lie in the sandbox.
    text = "\n".join(script).replace("/tmp/try", str(warehouse.root / "try"))  # noqa: S108
    done = subprocess.run(
        ["/bin/sh", "-c", text], cwd=warehouse.root, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_guide_with_a_command_that_does_not_exist_would_be_found(warehouse: Warehouse) -> None:
    done = subprocess.run(
        ["/bin/sh", "-eu", "-c", ".venv/bin/bigtrust frobnicate"],
        cwd=warehouse.root,
        env=sandbox(warehouse),
        check=False,
    )
    assert done.returncode == 2
    with pytest.raises(AssertionError):
        require_target("make frobnicate")


@pytest.mark.parametrize("name", ["", *main.commands])
def test_every_command_explains_itself(name: str) -> None:
    result = CliRunner().invoke(main, [*name.split(), "--help"])
    assert result.exit_code == 0
    assert result.output.startswith("Usage: ")
    assert "--help" in result.output


def test_the_list_of_commands_says_what_each_does_in_a_whole_sentence() -> None:
    listed = CliRunner().invoke(main, ["--help"], terminal_width=200).output.partition("Commands:")[2]
    lines = [" ".join(line.split()) for line in listed.strip().splitlines()]
    assert len(lines) == len(main.commands)
    assert not [line for line in lines if re.search(r"\b(?:art|no|e\.g|i\.e)\.$", line)], "cut at a full stop"


@pytest.mark.parametrize("command", ["status", "ledger verify", "justify"])
def test_the_help_and_the_readme_name_a_command_that_ends_with_1_for_a_reason_of_its_own(command: str) -> None:
    said = " ".join(CliRunner().invoke(main, ["--help"]).output.split())
    assert command in said.partition("; 1 ")[2].partition("; 2 ")[0]
    (row,) = re.findall(r"^\| 1 \|.*$", prose(README), flags=re.MULTILINE)
    assert f"`{command}`" in row


@pytest.mark.parametrize(
    ("arguments", "flag"),
    [
        (("demo", "--until", "20260101"), "--until"),
        (("justify", "--claim", "A-1", "--to", "20260101"), "--to"),
        (("run", "--as-of", "20260101"), "--as-of (BIGTRUST_AS_OF)"),
    ],
)
def test_a_day_is_written_in_one_way_everywhere(tmp_path: Path, arguments: tuple[str, ...], flag: str) -> None:
    result = Warehouse(tmp_path).bigtrust(*arguments)
    assert result.exit_code == ExitCode.CONFIGURATION
    assert f"{flag} is not a date. Write it as YYYY-MM-DD." in " ".join(result.stderr.split())


def test_no_block_is_tagged_with_a_language_that_no_test_knows() -> None:
    known = {"sh", "console", "sql", "python", "yaml", "json", "text", "ini", ""}
    assert {block.tag for page in PAGES for block in blocks(page)} <= known
    untagged = [str(block) for page in (*OWN_PAGES, *DECISIONS) for block in blocks(page) if not block.tag]
    assert untagged == []


SECRET_FILE = "BIGTRUST_SECRET_FILE"


def variables_set(text: str) -> set[str]:
    """The variables that a block gives a value; not those for which it has a default only (:=)."""
    return set(re.findall(r"\b(BIGTRUST_\w+)(?:=|\": )", text))


@pytest.mark.parametrize(
    "block",
    [block for page in GUIDES for block in blocks(page) if "BIGTRUST_REGISTER" in variables_set(block.text)],
    ids=str,
)
def test_whoever_names_folders_of_their_own_names_all_of_them_and_a_secret_with_the_key_of_the_ledger(
    block: Block,
) -> None:
    needed = {f"BIGTRUST_{name.upper()}" for name in FOLDERS} | {SECRET_FILE}
    assert variables_set(block.text) >= needed, f"{block} would write into the ledger, the site or with the key of all"


def test_pictures_are_made_in_folders_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIGTRUST_LEDGER_KEY_FILE", "/etc/bigtrust/ledger.key")
    settings = Settings.load(make_pictures.environment(tmp_path))
    places = [getattr(settings, name) for name in FOLDERS]
    assert all(path.is_relative_to(tmp_path) for path in [*places, settings.secret_file, settings.ledger_key])


# --- queries and Python -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("block", [b for b in tagged("sql") if re.search(r"\b(marts|restricted)\.", b.text)], ids=str)
def test_every_query_of_a_guide_answers(block: Block, published: Warehouse) -> None:
    files = [published.root / "published" / f"{name}.duckdb" for name in PUBLICATIONS]
    columns: list[str] = []
    for file in [*files, published.settings.vault]:
        with duckdb.connect(str(file), read_only=True) as connection:
            try:
                columns = [column[0] for column in connection.execute(block.text.strip().rstrip(";")).description or []]
            except duckdb.CatalogException:
                continue
            break
    assert columns, f"{block} answers on no database"
    page = blocks(block.page)
    following = page[page.index(block) + 1] if block != page[-1] else block
    if following.tag == "text" and following.text.startswith("┌"):
        shown = [name.strip() for name in following.text.splitlines()[1].strip("│").split("│")]
        assert shown == columns, f"{following} does not show what {block} gives"


@pytest.mark.parametrize("block", tagged("python"), ids=str)
def test_every_python_block_of_a_guide_compiles_and_runs_unless_it_is_an_example_file(
    block: Block, published: Warehouse
) -> None:
    code = compile(block.text, str(block), "exec")
    if not any(block.text == path.read_text(encoding="utf-8") for path in EXAMPLES):
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(published.root)
            exec(code, {})  # noqa: S102  # text of this repository


@pytest.mark.parametrize("block", tagged("yaml"), ids=str)
def test_every_yaml_block_of_a_guide_can_be_read(block: Block) -> None:
    assert yaml.safe_load(block.text)


@pytest.mark.parametrize("block", tagged("json"), ids=str)
def test_every_json_block_of_a_guide_keeps_the_schema_of_what_it_shows(block: Block) -> None:
    content = json.loads(block.text)
    if "request_id" in content:
        jsonschema.validate(content, schema("forget_request"))
    else:
        offers = schema("forget_offers")
        jsonschema.validate(content, offers | offers["$defs"]["offered"])


def schema(name: str) -> dict[str, Any]:
    """A schema of docs/schemas."""
    content: dict[str, Any] = json.loads((PROJECT / "docs" / "schemas" / f"{name}.schema.json").read_text("utf-8"))
    return content


def test_the_guide_shows_the_request_of_a_till_as_it_is() -> None:
    assert TILL_REQUEST.read_text(encoding="utf-8") in [block.text for block in blocks(FORGETTING)]


# --- examples -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_the_guide_shows_each_example_file_as_it_is(path: Path) -> None:
    assert path.read_text(encoding="utf-8") in [block.text for block in blocks(SCHEDULING)]
    assert f"`docs/examples/{path.name}`" in prose(SCHEDULING)


def test_each_way_of_scheduling_has_its_example() -> None:
    names = {path.name for path in EXAMPLES}
    assert names == {"airflow_dag.py", "bigtrust.service", "bigtrust.timer", "crontab", "dagster_job.py"}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_calls_real_commands_with_known_variables_and_holds_no_secret(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    called = set(re.findall(rf'(?:{COMMAND} |\{{BIGTRUST\}} |\[BIGTRUST, ")(\w+)', text))
    assert called <= set(main.commands)
    assert called >= {"run", "site"} or path.suffix == ".timer"
    assert set(re.findall(r"BIGTRUST_\w+", text)) <= variables_in(prose(README))
    assert "DBT_ENV_SECRET" not in text


@pytest.mark.parametrize("path", [path for path in EXAMPLES if path.suffix == ".py"], ids=lambda path: path.name)
def test_an_example_in_python_compiles(path: Path) -> None:
    compile(path.read_text(encoding="utf-8"), path.name, "exec")


def test_the_keys_that_the_guide_makes_are_of_use_to_a_job_that_may_not_write_there(tmp_path: Path) -> None:
    (block,) = [block for block in blocks(SCHEDULING) if "openssl" in block.text]
    script = block.text.replace("/etc/bigtrust", str(tmp_path / "etc"))
    script = script.replace("bigtrust:bigtrust", f"{os.getuid()}:{os.getgid()}")
    subprocess.run(["/bin/sh", "-euc", script], check=True, timeout=60)
    settings = Warehouse(
        tmp_path / "var", variables={SECRET_FILE: str(tmp_path / "etc" / "pseudonymisation.key")}
    ).settings
    made = {path.name: path.read_text() for path in (tmp_path / "etc").iterdir()}
    assert len(secret.load(settings)) == 32
    settings.ledger.mkdir()
    assert ledger.signing.signer(settings).public == ledger.public_key(settings)
    assert {path.name: path.read_text() for path in (tmp_path / "etc").iterdir()} == made
    assert made.keys() == {"pseudonymisation.key", "ledger.key"}


def test_the_systemd_units_parse_and_belong_together() -> None:
    units = {}
    for name in ("bigtrust.service", "bigtrust.timer"):
        units[name] = configparser.ConfigParser(strict=False, interpolation=None)
        units[name].optionxform = str  # type: ignore[assignment,method-assign]
        units[name].read(PROJECT / "docs" / "examples" / name, encoding="utf-8")
    service, timer = units["bigtrust.service"], units["bigtrust.timer"]
    assert service["Service"]["ExecStart"] == f"{COMMAND} run"
    assert service["Service"]["Type"] == "oneshot"
    assert int(service["Service"]["SuccessExitStatus"]) == ExitCode.LOCKED
    after = service["Service"]["ExecStopPost"].replace("$$", "$")  # as systemd reads it
    assert f"{COMMAND} site " in after
    for code in ExitCode:
        failing = shlex.split(after.replace(f"{COMMAND} site", f"(exit {code:d})"))
        assert (subprocess.run(failing, check=False).returncode == 0) is (code in (ExitCode.DONE, ExitCode.LOCKED))
    assert timer["Timer"]["OnCalendar"].endswith("UTC")
    assert timer["Install"]["WantedBy"] == "timers.target"


def test_the_crontab_has_five_fields_a_command_and_no_percent_sign() -> None:
    text = (PROJECT / "docs" / "examples" / "crontab").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    jobs = [line for line in lines if not re.match(r"[A-Z_]+=", line)]
    assert len(jobs) == 2
    for job in jobs:
        assert re.match(r"(?:[\d*/,-]+ ){5} *\S", job)
        assert "%" not in job  # cron takes it for the end of the line


# --- what the pages say --------------------------------------------------------------------------------------------


def variables_in(text: str) -> set[str]:
    """The environment variables that a text names."""
    return set(re.findall(r"\b(?:BIGTRUST_[A-Z_]+[A-Z]|DBT_ENV_SECRET_BIGTRUST)\b", text))


def test_the_readme_lists_every_environment_variable() -> None:
    folders = {
        f"BIGTRUST_{name.upper()}" for name in ("landing", "warehouse", "published", "register", "site", "ledger")
    }
    sources = [PROJECT / "profiles.yml", *(PROJECT / "scripts" / "bigtrust").glob("*.py")]
    read = {name for path in sources for name in variables_in(path.read_text(encoding="utf-8"))}
    internal = {"BIGTRUST_RUN", "BIGTRUST_LOCK_IS_HELD", "BIGTRUST_CHANGES"} | {
        name for name in read if name.startswith("BIGTRUST_RECORD")
    }
    assert variables_in(prose(README)) == (read | folders) - internal


def test_the_readme_names_the_memory_limit_in_force() -> None:
    default = re.search(r"BIGTRUST_MEMORY_LIMIT', '(\w+)'", (PROJECT / "profiles.yml").read_text(encoding="utf-8"))
    assert default is not None
    assert f"| `BIGTRUST_MEMORY_LIMIT` | `{default[1]}` |" in prose(README)


def test_the_readme_lists_every_command_exit_code_and_code_of_a_check() -> None:
    text = prose(README)
    for name in main.commands:
        assert f"| `bigtrust {name}` |" in text
    assert re.findall(r"^\| (\d) \|", text, flags=re.MULTILINE) == [str(int(code)) for code in ExitCode]
    assert set(re.findall(r"[A-Z]{3}-\d\d", text)) <= CODES
    codes = re.findall(r"^\| (\d) \|", prose(SCHEDULING), flags=re.MULTILINE)
    assert codes == [str(int(code)) for code in ExitCode]


def test_the_readme_stays_short() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) < 250


@pytest.mark.parametrize("page", PAGES, ids=ids(PAGES))
def test_links_lead_to_files_and_headings_that_exist(page: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", prose(page)):
        if re.match(r"https?:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.exists(), f"{page.name}: {target}"
        if anchor:
            assert anchor in anchors(file), f"{page.name}: {target}"


def anchors(page: Path) -> set[str]:
    """The names of a page's headings, as code hosts make them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", [*OWN_PAGES, *DECISIONS], ids=ids([*OWN_PAGES, *DECISIONS]))
def test_every_path_that_a_page_names_exists(page: Path) -> None:
    named = re.findall(r"`([\w.-]+(?:/[\w.-]*)+|[\w-]+\.(?:py|md|yml|lock|toml|sql|csv))`", prose(page))
    missing = [
        path
        for path in named
        if path.split("/")[0] not in MADE
        and not (PROJECT / path).exists()
        and not (PROJECT / "models" / "staging" / path).exists()
    ]
    assert missing == []


@pytest.mark.parametrize(
    ("section", "names"),
    [
        ("Add a landing column", ("details.yml", "texts/fr.yml", "texts/en.yml", "CATEGORIES")),
        ("Add a check", ("registry.py", "claims.yml")),
    ],
)
def test_the_guide_for_contributors_names_what_stops_who_forgets_it(section: str, names: tuple[str, ...]) -> None:
    text = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition(f"\n## {section}\n")[2]
    assert [name for name in names if name not in text.partition("\n## ")[0]] == []


def test_decisions_are_numbered_without_a_gap_and_have_the_same_parts() -> None:
    assert [path.name[:4] for path in DECISIONS] == [f"{number:04}" for number in range(1, len(DECISIONS) + 1)]
    for path in DECISIONS:
        text = path.read_text(encoding="utf-8")
        assert text.startswith(f"# {path.name[:4]}: ")
        assert re.findall(r"^## (.+)$", text, flags=re.MULTILINE) == ["Context", "Decision", "Consequences"]


LOADS = re.compile(
    r"""!\[[^\]]*\]\(\s*<?(?:https?:)?//"""  # Markdown images
    r"""|\b(?:src|srcset|data|poster)\s*=\s*["']?(?:https?:)?//"""  # HTML
    r"""|<(?:link|image|use|script)\b[^>]*href\s*=\s*["']?(?:https?:)?//"""
    r"""|url\(\s*["']?(?:https?:)?//|@import""",  # style sheets
    re.IGNORECASE,
)


def test_no_page_and_no_picture_loads_anything_from_elsewhere() -> None:
    pictures = sorted((PROJECT / "docs").rglob("*.svg"))
    assert {path.name for path in pictures} == {
        "analyst-1.svg",
        "analyst-2.svg",
        "analyst-3.svg",
        "layers.svg",
        "run.svg",
    }
    for path in [*PAGES, *pictures]:
        assert not LOADS.search(path.read_text(encoding="utf-8")), path


@pytest.mark.parametrize(
    "text",
    [
        "![badge](https://example.org/b.svg)",
        '<img src="//example.org/b.png">',
        '<image href="https://example.org/x.png"/>',
        "@font-face { src: url(https://example.org/f.woff) }",
    ],
)
def test_a_page_that_loads_something_from_elsewhere_would_be_found(text: str) -> None:
    assert LOADS.search(text)
