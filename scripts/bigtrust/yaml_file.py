"""Reading a YAML file of the project that people edit."""

from pathlib import Path
from typing import Any

import yaml

from bigtrust.errors import ConfigurationError


def mapping(path: Path) -> dict[str, Any]:
    """Return what a file of names and values says. Raises ConfigurationError, naming the file, if it is none."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        content = None
    if not isinstance(content, dict):
        raise ConfigurationError(
            f"{path} does not hold names and values as YAML in UTF-8. Correct it: compare it with the version in git."
        )
    return content
