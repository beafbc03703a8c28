"""Where things are: one immutable object, from flags, environment variables and defaults, in this order."""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bigtrust.errors import ConfigurationError

PROJECT = Path(__file__).resolve().parents[2]
FOLDERS = ("landing", "warehouse", "published", "register", "site", "ledger")  # BIGTRUST_LANDING and so on
PUBLICATIONS = ("analytics", "insights", "finance", "marketing", "service", "governance")


@dataclass(frozen=True)
class Settings:
    """The folders of one warehouse. Two sets of folders never touch each other.

    All paths are absolute. `ledger_key` is the file of the ledger's private key. `as_of` replaces today in every
    retention window (None: today in UTC).
    """

    project: Path
    landing: Path
    warehouse: Path
    published: Path
    register: Path
    site: Path
    ledger: Path
    secret_file: Path
    ledger_key: Path
    as_of: date | None = None

    @classmethod
    def load(cls, environment: Mapping[str, str] | None = None, /, **overrides: str | None) -> "Settings":
        """Read the settings.

        `overrides` are flags by field name (None: not given); they win over the environment.
        Raises ConfigurationError if `as_of` is no ISO date or a folder is a file.
        """
        environment = os.environ if environment is None else environment
        project = Path(environment.get("BIGTRUST_PROJECT") or PROJECT).resolve()

        def folder(name: str) -> Path:
            given = overrides.get(name) or environment.get(f"BIGTRUST_{name.upper()}") or name
            path = (project / given).resolve()
            if path.exists() and not path.is_dir():
                raise ConfigurationError(f"{name} folder: {path} is a file. Set BIGTRUST_{name.upper()} to a folder.")
            return path

        as_of = overrides.get("as_of") or environment.get("BIGTRUST_AS_OF")
        secret_file = project / (environment.get("BIGTRUST_SECRET_FILE") or ".secrets/pseudonymisation.key")
        return cls(
            project=project,
            landing=folder("landing"),
            warehouse=folder("warehouse"),
            published=folder("published"),
            register=folder("register"),
            site=folder("site"),
            ledger=folder("ledger"),
            secret_file=secret_file,
            ledger_key=project / (environment.get("BIGTRUST_LEDGER_KEY_FILE") or secret_file.with_name("ledger.key")),
            as_of=to_date(as_of, "--as-of (BIGTRUST_AS_OF)") if as_of else None,
        )

    @property
    def vault(self) -> Path:
        """The restricted database: never published."""
        return self.warehouse / "vault.duckdb"

    @property
    def till(self) -> Path:
        """What tills read: the offers to forget, and the page that shows them."""
        return self.published / "till"

    @property
    def candidates(self) -> Path:
        """The folder in which publications are built and checked before they are published."""
        return self.warehouse / "candidate"

    @property
    def runs(self) -> Path:
        """The folder with one record per run (JSON; codes, counts and times only)."""
        return self.warehouse / "runs"

    @property
    def seen_requests(self) -> Path:
        """The requests of the register that runs have seen, to notice a lost one."""
        return self.warehouse / "register.seen"

    @property
    def seen_head(self) -> Path:
        """The last head of the ledger that this warehouse has seen, to notice entries that were removed."""
        return self.warehouse / "ledger.seen"

    @property
    def used_keys(self) -> Path:
        """The key versions that builds have used, to notice a lost rotation."""
        return self.warehouse / "keys.used"

    @property
    def record_only(self) -> Path:
        """Where dbt works when it only records a run; removed afterwards."""
        return self.warehouse / "record"

    @property
    def dbt_target(self) -> Path:
        """dbt's artefacts."""
        return self.warehouse / "dbt" / "target"

    @property
    def dbt_logs(self) -> Path:
        """dbt's log files."""
        return self.warehouse / "dbt" / "logs"

    @property
    def data_docs(self) -> Path:
        """Great Expectations' pages of the last checks."""
        return self.warehouse / "data_docs"

    @property
    def lineage(self) -> Path:
        """Where each landing column goes: a page, and the same as JSON."""
        return self.warehouse / "lineage"

    @property
    def reviews(self) -> Path:
        """The folder with one file per review of a run."""
        return self.warehouse / "reviews"

    @property
    def summary(self) -> Path:
        """The summary page of the last run, for governance teams."""
        return self.warehouse / "pages" / "index.html"

    @property
    def metamorphic(self) -> Path:
        """The last verdicts of the checks that build again (JSON; names and counts)."""
        return self.warehouse / "metamorphic"

    @property
    def reidentification(self) -> Path:
        """What the attacks of the last measurement found (JSON; figures only)."""
        return self.warehouse / "reidentification.json"

    def require_elsewhere(self, output: Path, what: str = "", *, own: Path | None = None) -> None:
        """Raise ConfigurationError if `output`, an absolute path, lies in one of the folders: others read them, runs
        read them, or they must outlive everything else. `own` is the one place in them that is meant for it.

        `what` is personal data that is written there, as the sentence begins with it; none if it is empty.
        """
        if own is not None and output.is_relative_to(own):
            return
        why = f"{what} are personal data: name a folder of their own" if what else "Name a folder of its own"
        for name in FOLDERS:
            if output.is_relative_to(getattr(self, name)):
                raise ConfigurationError(f"--output {output} lies in the {name} folder. {why}.")

    def require_apart(self, name: str) -> None:
        """Raise ConfigurationError if the folder of this name holds another one, or lies in it: as it is replaced."""
        folder = getattr(self, name)
        for other in FOLDERS:
            place = getattr(self, other)
            if other != name and (folder.is_relative_to(place) or place.is_relative_to(folder)):
                raise ConfigurationError(
                    f"The {name} folder {folder} and the {other} folder {place} lie in each other. Nothing was "
                    f"written: name a folder of its own (--{name}, BIGTRUST_{name.upper()})."
                )

    def environment(self) -> dict[str, str]:
        """The same settings as environment variables, for dbt and for subprocesses. Holds no secret."""
        return {
            "BIGTRUST_PROJECT": str(self.project),
            **{f"BIGTRUST_{name.upper()}": str(getattr(self, name)) for name in FOLDERS},
            "BIGTRUST_SECRET_FILE": str(self.secret_file),
            "BIGTRUST_LEDGER_KEY_FILE": str(self.ledger_key),
            "BIGTRUST_AS_OF": self.as_of.isoformat() if self.as_of else "",
            "DBT_TARGET_PATH": str(self.dbt_target),
            "DBT_LOG_PATH": str(self.dbt_logs),
            "DBT_PROFILES_DIR": str(self.project),
            "DBT_PROJECT_DIR": str(self.project),
            "DO_NOT_TRACK": "1",
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        }


def to_date(text: str, what: str) -> date:
    """Return the day that a text names. Raises ConfigurationError, which begins with `what` it is, if it is none."""
    with suppress(ValueError):
        day = date.fromisoformat(text)
        if day.isoformat() == text:  # Python also reads 20260131, the warehouse does not
            return day
    raise ConfigurationError(f"{what} is not a date. Write it as YYYY-MM-DD.")
