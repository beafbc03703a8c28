"""The public site: what is held, why, for how long, and what proves it. Static pages in French and English.

All of it is made from what the last run left: the publication governance, dbt's manifest, the lineage and the ledger.
What cannot be read, described or proven to rest on a rule stops the build, and the site stays as it was.
"""

import secrets
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from bigtrust import lock
from bigtrust.errors import ConfigurationError
from bigtrust.files import alone_in, sync_folder, write_together
from bigtrust.settings import Settings
from bigtrust.site import content, pages

_NEW, _OLD = ".new.", ".old."  # folders beside the site, while it is swapped in


def build(settings: Settings, now: datetime | None = None) -> Path:
    """Write the site anew and put it in the place of the old one. Returns the page to open first.

    Raises a BigTrustError, naming what is missing, damaged or not described; the old site then stays as it was.
    """
    settings.require_apart("site")
    with lock.exclusive(settings.warehouse):  # what a run is writing is of two runs
        files = pages.files(content.collect(settings, now or datetime.now(UTC)))
    try:
        _swap_in(settings.site, files)
    except OSError as error:
        raise ConfigurationError(
            f"The site {settings.site} cannot be written ({error.strerror}). Correct the folder's owner and mode, or "
            "free the disk."
        ) from None
    return settings.site / pages.INDEX


def _swap_in(site: Path, files: Mapping[str, str]) -> None:
    """Write all files beside the site, then rename: what was there before is gone altogether.

    Raises ConfigurationError for a folder that holds something else than a site.
    """
    site.parent.mkdir(parents=True, exist_ok=True)
    with alone_in(site.parent):
        _put_in_order(site)
        if site.exists() and any(site.iterdir()) and not (site / pages.TWIN).exists():
            raise ConfigurationError(
                f"The folder {site} holds something else than a site. Nothing was written: name a folder of its own in "
                "BIGTRUST_SITE."
            )
        mark = secrets.token_hex(4)
        fresh, retired = (site.parent / f".{site.name}{kind}{mark}" for kind in (_NEW, _OLD))
        write_together({fresh / name: text for name, text in files.items()}, mode=0o644)
        for folder in (fresh, *(path for path in fresh.rglob("*") if path.is_dir())):
            folder.chmod(0o755)  # whatever the umask: it is for everybody
        if site.exists():
            site.rename(retired)
        fresh.rename(site)
        sync_folder(site.parent)
        _put_in_order(site)


def _put_in_order(site: Path) -> None:
    """Put back the old site if somebody was killed between two renames, and remove what is left of others."""
    for retired in site.parent.glob(f".{site.name}{_OLD}*"):
        if not site.exists():
            retired.rename(site)
    for kind in (_NEW, _OLD):
        for leftover in site.parent.glob(f".{site.name}{kind}*"):
            shutil.rmtree(leftover)
