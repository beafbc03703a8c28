"""Claims: the sentences of fact of the public policy, each with the checks that prove it (claims.yml).

A claim's code is permanent, like a check's: what was claimed under it can be asked about years later (`bigtrust justify
--claim`). No sentence without a check, no check without a sentence: both stop whoever publishes or justifies.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bigtrust.errors import ConfigurationError

FILE = Path(__file__).parent / "claims.yml"
LANGUAGES = ("fr", "en")
_CODE = re.compile(r"[A-Z]{3,8}-[1-9]\d?")


@dataclass(frozen=True)
class Claim:
    """A sentence of the policy. `rules` are codes of checks; `texts` are by language, in typographers' spaces."""

    code: str
    rules: tuple[str, ...]
    texts: Mapping[str, str]


def load(file: Path = FILE) -> tuple[Claim, ...]:
    """Return the claims in their order. Raises ConfigurationError if the file is no list of claims."""
    name = file.name
    try:
        entries = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        raise ConfigurationError(f"{name} cannot be read as YAML in UTF-8. Correct it.") from None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ConfigurationError(f"{name} is no list of claims. Write code, rules, en and fr for each.")
    return tuple(_claim(entry, f"{name}, entry {number}") for number, entry in enumerate(entries, 1))


def require_complete(claims: Iterable[Claim], codes: Iterable[str]) -> None:
    """Raise ConfigurationError unless each claim rests on checks, and each check (`codes`) is behind a claim."""
    claims, codes = list(claims), set(codes)
    for code, count in Counter(claim.code for claim in claims).items():
        if count > 1:
            raise ConfigurationError(f"claims.yml: {code} is there {count} times. Give each claim a code of its own.")
    for claim in claims:
        if not claim.rules:
            raise ConfigurationError(
                f"claims.yml: {claim.code} has no rule, so nothing proves it. Name the checks behind it, or leave the "
                "sentence out."
            )
        for rule in claim.rules:
            if rule not in codes:
                raise ConfigurationError(
                    f"claims.yml: {claim.code} rests on {rule}, which is no check. `bigtrust check --list` shows them."
                )
        for language in LANGUAGES:
            if not claim.texts.get(language, "").strip():
                raise ConfigurationError(f"claims.yml: {claim.code} has no sentence in {language}. Write it.")
    unsaid = sorted(codes - {rule for claim in claims for rule in claim.rules})
    if unsaid:
        named = ", ".join(unsaid[:5]) + (" and others" if len(unsaid) > 5 else "")
        raise ConfigurationError(
            f"claims.yml: no claim rests on {named}. Add each check to the claim that it proves, or write the sentence "
            "that it proves."
        )


def _claim(entry: dict[str, Any], where: str) -> Claim:
    unknown = sorted(map(str, set(entry) - {"code", "rules", *LANGUAGES}))
    if unknown:
        raise ConfigurationError(f"{where}: {unknown[0]} is unknown. A claim has code, rules, en and fr.")
    code, rules = entry.get("code"), entry.get("rules") or []
    if not isinstance(code, str) or not _CODE.fullmatch(code):
        raise ConfigurationError(f"{where}: the code is not of the form KEEP-1. Correct it.")
    if not isinstance(rules, list) or not all(isinstance(rule, str) for rule in rules):
        raise ConfigurationError(f"{where}: rules is no list of codes of checks. Correct it.")
    texts = {language: entry.get(language) or "" for language in LANGUAGES}
    if not all(isinstance(text, str) for text in texts.values()):
        raise ConfigurationError(f"{where}: a sentence is no text. Put it in quotes.")
    return Claim(code, tuple(rules), {language: " ".join(text.split()) for language, text in texts.items()})
