"""dbt's documentation of the project as one page: no value, no secret, no folder of the machine, no request.

It is made from the manifest alone. dbt would also describe the databases (its catalog), for which it queries the vault
and every publication; what that adds are the types of columns, which the contracts say already, and statistics. So no
database is opened, nothing has to be built, and a run may go on meanwhile.
"""

import json
import os
import tempfile
from dataclasses import replace
from pathlib import Path

from bigtrust import secret
from bigtrust.build import Dbt
from bigtrust.documentation import content, page
from bigtrust.documentation.server import serving
from bigtrust.errors import ConfigurationError
from bigtrust.files import private_folder, write_durably
from bigtrust.ledger import signing
from bigtrust.settings import FOLDERS, Settings

__all__ = ["place", "serving", "write"]


def place(settings: Settings) -> Path:
    """Where the page is written."""
    return settings.dbt_target.parent / "docs" / "index.html"


def write(settings: Settings) -> Path:
    """Write the page (mode 0600) and return its path.

    Raises ConfigurationError if the project does not parse, dbt's page is not as it is known, the page would name a
    folder of this machine, the secret or the ledger's key, or it cannot be written.
    """
    os.umask(0o077)
    with tempfile.TemporaryDirectory() as folder:  # a run may be parsing in the warehouse
        own = replace(settings, warehouse=Path(folder))
        Dbt(own).parse(0)
        manifest = json.loads((own.dbt_target / "manifest.json").read_text(encoding="utf-8"))
    text = page.filled(content.manifest(manifest), content.catalog(manifest))
    _require_discreet(text, settings)
    path = place(settings)
    try:
        private_folder(path.parent)
        write_durably(path, text, mode=0o600)
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be written ({error.strerror}). Free the disk, or correct the folder's owner and mode."
        ) from None
    return path


def _require_discreet(text: str, settings: Settings) -> None:
    folders = {str(Path.home()), str(settings.project), *(str(getattr(settings, name)) for name in FOLDERS)}
    if any(name in text for name in folders if len(name) > 1):
        raise ConfigurationError(
            "A description or a model of the project names a folder of this machine. Take it out: documentation is "
            "handed around."
        )
    for what, variable, file, known in (
        (
            "the pseudonymisation secret",
            secret.VARIABLE,
            settings.secret_file,
            "Who has read it can compute every pseudonym: make a new secret (docs/pseudonyms.md).",
        ),
        (
            "the ledger's private key",
            signing.VARIABLE,
            settings.ledger_key,
            "Who has read it can sign another ledger: only heads that others saw before then say which one is true.",
        ),
    ):
        held = {os.environ.get(variable, "").strip()}
        if file.is_file():
            held.add(file.read_text(encoding="ascii", errors="replace").strip())
        if any(value in text for value in held if value):
            raise ConfigurationError(f"A description or a model of the project holds {what}. Take it out. {known}")
