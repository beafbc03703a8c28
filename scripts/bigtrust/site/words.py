"""The words of the site in one language: texts from YAML, dates, numbers and lists as one writes them there (CLDR)."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from babel import Locale, dates, lists, numbers
from jinja2 import Environment, StrictUndefined, Template

from bigtrust.errors import ConfigurationError

LANGUAGES = ("fr", "en")
FOLDER = Path(__file__).parent / "texts"
_LOCALES = {"fr": Locale("fr", "FR"), "en": Locale("en", "GB")}
_NARROW = "\u202f"  # Babel's space in French numbers; too narrow for some fonts, so the ordinary one is taken


class Words:
    """How one language says it. Every method raises ConfigurationError, naming the text, if there is none."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._locale = _LOCALES[language]
        self._texts = _load(language)

    def has(self, name: str) -> bool:
        """Whether there is a text of this name (a path with dots)."""
        return self._find(name) is not None

    def text(self, name: str, /, **values: Any) -> str:
        """The text of this name, filled in and typeset."""
        found = self._find(name)
        if not isinstance(found, str):
            raise ConfigurationError(
                f"scripts/bigtrust/site/texts/{self.language}.yml says nothing of {name}. Write it: what is not "
                "described is not published."
            )
        return self.typeset(_template(found).render(values))

    def names(self, name: str) -> list[str]:
        """The names of the texts below a name, in their order."""
        found = self._find(name)
        return list(found) if isinstance(found, dict) else []

    def policy(self, text: str) -> str:
        """What a table of the policy says, which is written in English, in this language."""
        if self.language == "en":
            return self.typeset(text)
        found = _policy().get(text)
        if found is None:
            raise ConfigurationError(
                f"scripts/bigtrust/site/texts/policy.yml has no French for what seeds/policy/ says: '{text}'. Add it."
            )
        return self.typeset(found)

    def policy_or_as_written(self, text: str) -> str:
        """The same of an older version of the policy: as it was written, if its French is not known."""
        is_known = self.language == "en" or text in _policy()
        return self.policy(text) if is_known else text

    def typeset(self, text: str) -> str:
        """Curved apostrophes; and French puts a space before some marks, at which the line must not break."""
        text = text.replace("'", "\u2019").replace("art. ", "art.\u00a0")
        return re.sub(" (?=[?!:;»%])|(?<=[«°]) ", "\u00a0", text) if self.language == "fr" else text

    def date(self, day: date | str) -> str:
        """A day: 26 novembre 2026."""
        day = date.fromisoformat(day[:10]) if isinstance(day, str) else day
        text: str = dates.format_date(day, "long", self._locale)
        return f"1er{text[1:]}" if self.language == "fr" and day.day == 1 else text

    def moment(self, moment: datetime | str) -> str:
        """A time in UTC, to the minute."""
        if isinstance(moment, str):
            moment = datetime.fromisoformat(moment)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        return self.text("moment", date=self.date(moment.date()), time=f"{moment:%H:%M}")

    def month(self, month: str) -> str:
        """A month, given as YYYY-MM: novembre 2026."""
        return dates.format_date(date.fromisoformat(f"{month}-01"), "MMMM y", self._locale)

    def number(self, value: int | float | Decimal) -> str:
        """A number, with no more decimals than it needs, two at most."""
        return numbers.format_decimal(value, "#,##0.##", self._locale).replace(_NARROW, "\u00a0")

    def enumeration(self, parts: Iterable[str]) -> str:
        """a, b and c."""
        return lists.format_list(list(parts), "standard", self._locale)

    def country(self, code: str) -> str:
        """The name of a country (ISO 3166-1 alpha-2)."""
        name: str = self._locale.territories.get(code, code)
        return name

    def period(self, months: int) -> str:
        """A period as one says it: in years where it is whole years."""
        unit, count = ("year", months // 12) if months % 12 == 0 else ("month", months)
        return self.text(f"periods.{unit}", count=count)

    def _find(self, name: str) -> Any:
        found: Any = self._texts
        for part in name.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        return found


def both(say: Any) -> dict[str, str]:
    """What `say`, a function of Words, says in each language."""
    return {language: say(words(language)) for language in LANGUAGES}


@cache
def words(language: str) -> Words:
    """The words of a language."""
    return Words(language)


@cache
def _load(language: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((FOLDER / f"{language}.yml").read_text(encoding="utf-8"))
    return content


@cache
def _policy() -> Mapping[str, str]:
    content: dict[str, str] = yaml.safe_load((FOLDER / "policy.yml").read_text(encoding="utf-8"))
    return content


@cache
def _template(text: str) -> Template:
    return Environment(undefined=StrictUndefined, autoescape=False).from_string(text)  # noqa: S701  # plain text
