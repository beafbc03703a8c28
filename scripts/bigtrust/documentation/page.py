"""dbt's page with the content in it, and a policy that lets it load nothing."""

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dbt.task.docs import DOCS_INDEX_FILE_PATH

from bigtrust.errors import ConfigurationError

_SCRIPT = '<script defer="defer">'
_ICON = '<link rel="shortcut icon" href="${require(\'./assets/favicons/favicon.ico\')}"/>'


def filled(manifest: Mapping[str, Any], catalog: Mapping[str, Any]) -> str:
    """Return the page (HTML), which needs nothing beside it.

    Its one script may run because its digest is named; it evaluates no text as a program, and neither it nor anything
    else may load or send anything. Raises ConfigurationError if dbt's page is not as it is known.
    """
    text = Path(DOCS_INDEX_FILE_PATH).read_text(encoding="utf-8")
    for old, new, times in (
        (_ICON, '<link rel="icon" href="data:,">', 1),
        ('<html dir="ltr"', '<html ng-csp="no-unsafe-eval" dir="ltr"', 1),
        # the browser would ask for the picture before Angular has put its name there
        ('<use xlink:href="{{', '<use ng-attr-xlink:href="{{', 4),
        ('"MANIFEST.JSON INLINE DATA"', _json(manifest), 1),
        ('"CATALOG.JSON INLINE DATA"', _json(catalog), 1),
    ):
        if text.count(old) != times:
            raise _unknown()
        text = text.replace(old, new)
    before, _, rest = text.partition(_SCRIPT)
    script, end, after = rest.partition("</script>")
    if not end or "<script" in after or text.count('<meta charset="utf-8">') != 1:
        raise _unknown()
    meta = f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{policy(script)}">'
    head = before.replace('<meta charset="utf-8">', f'{meta}<meta name="referrer" content="no-referrer">')
    return f"{head}{_SCRIPT}{script}{end}{after}"


def policy(script: str) -> str:
    """The Content-Security-Policy for a page with this inline script. Its style sheets are in the page, too."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:; font-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def policy_of(page: str) -> str:
    """The Content-Security-Policy that a page made here names."""
    return page.partition('http-equiv="Content-Security-Policy" content="')[2].partition('"')[0]


def _json(content: Mapping[str, Any]) -> str:
    """JSON that can stand in a script: no text in it ends the script."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _unknown() -> ConfigurationError:
    return ConfigurationError(
        "dbt's documentation page is of another version than the one that is known to load nothing. Install the locked "
        "versions (make run)."
    )
