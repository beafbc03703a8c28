"""A page that is one file: no script, nothing loaded from elsewhere, only its own style sheet."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_NO_FILTERS: Mapping[str, Callable[..., Any]] = MappingProxyType({})


def page(
    folder: Path, template: str, content: Mapping[str, Any], filters: Mapping[str, Callable[..., Any]] = _NO_FILTERS
) -> str:
    """Return the page (HTML) that a template of the folder makes of the content.

    The template also gets `style`, the text of the folder's `page.css`, and `security_policy`, which lets in this style
    sheet and nothing else. Raises a jinja2.TemplateError for a name that the content lacks.
    """
    style = (folder / "page.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    return render(folder, template, {**content, "style": style, "security_policy": policy}, filters)


def render(
    folder: Path, template: str, content: Mapping[str, Any], filters: Mapping[str, Callable[..., Any]] = _NO_FILTERS
) -> str:
    """Return what a template of the folder makes of the content, escaped for HTML, and nothing added.

    Raises a jinja2.TemplateError for a name that the content lacks.
    """
    environment = Environment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= filters
    return environment.get_template(template).render(**content)
