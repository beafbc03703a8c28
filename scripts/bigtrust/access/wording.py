"""The words of an access report in one language: texts, dates, numbers, and codes of the data."""

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from babel.dates import format_date, format_datetime, format_skeleton
from babel.lists import format_list
from babel.numbers import format_decimal
from babel.plural import to_python

FOLDER = Path(__file__).parent
LOCALES = {"fr": "fr_FR", "en": "en_GB"}
_PLURALS = {
    "fr": to_python({"one": "i = 0,1"}),
    "en": to_python({"one": "i = 1"}),
}
_DATES = ("_on", "_date", "_until", "_since")
_NUMBERS = frozenset(
    {"quantity", "unit_price", "discount", "discount_amount", "net_amount", "returned_quantity", "line_count", "value"}
)
_CODED = frozenset(
    {
        *("channel", "purpose", "granted", "reason", "event_type", "topic", "scope", "touchpoint", "kind", "outcome"),
        *("preferred_channel", "contact_pressure", "value_band", "recency_band", "is_appropriate", "is_open"),
        *("is_opened", "is_clicked"),
    }
)


@cache
def texts() -> dict[str, Any]:
    """Everything that is said, before anything is filled in."""
    content: dict[str, Any] = yaml.safe_load((FOLDER / "texts.yml").read_text(encoding="utf-8"))
    return content


@cache
def translations() -> dict[str, str]:
    """The policy's own sentences in French."""
    content: dict[str, str] = yaml.safe_load((FOLDER / "policy.yml").read_text(encoding="utf-8"))
    return content


class Words:
    """Says things in one language. `zone` is that of the times; `names` are the names of products and categories."""

    def __init__(self, language: str, zone: str, names: Mapping[str, Mapping[str, str]]) -> None:
        self.language = language
        self._locale = LOCALES[language]
        self._zone = ZoneInfo(zone)
        self._names = names

    def say(self, path: str, /, n: int | None = None, **values: Any) -> str:
        """The text at a path of texts.yml, filled in; with `n`, the form that goes with so many."""
        text: Any = texts()
        for part in path.split("."):
            text = text[part]
        return self._filled(text, n, values)

    def said(self, found: Any, **values: Any) -> str:
        """A text that was found in texts.yml."""
        return self._filled(found, None, values)

    def label(self, group: str, name: str) -> str | None:
        """The label of a code, column or relation, or None."""
        found = texts()[group].get(name)
        return None if found is None else self.said(found)

    def policy(self, text: str) -> str:
        """A sentence of the policy, in this language if it is there."""
        return self.typeset(translations().get(text, text)) if self.language == "fr" else text

    def typeset(self, text: str) -> str:
        """Curved apostrophes; and French puts a space before some marks, at which the line must not break."""
        text = text.replace("'", "\u2019")
        return re.sub(" (?=[?!:;»])|(?<=«) ", "\u00a0", text) if self.language == "fr" else text

    def date(self, day: str | None) -> str:
        """A day (ISO 8601) as one writes it."""
        return format_date(date.fromisoformat(day[:10]), "long", locale=self._locale) if day else ""

    def moment(self, moment: str | None) -> str:
        """A time (ISO 8601, UTC unless it says otherwise) as one writes it, in the zone of the report."""
        if not moment:
            return ""
        found = datetime.fromisoformat(moment)
        found = found.replace(tzinfo=ZoneInfo("UTC")) if found.tzinfo is None else found
        return format_datetime(found, "medium", tzinfo=self._zone, locale=self._locale)

    def number(self, number: float | str) -> str:
        """A number as one writes it."""
        return format_decimal(number, locale=self._locale, decimal_quantization=False)

    def list(self, items: list[str]) -> str:
        """Several things in a row, with "and" before the last."""
        return format_list(items, locale=self._locale) if items else ""

    def value(self, column: str, value: Any, read: Any = None) -> str:
        """A value of the data as the person reads it: `read` is what staging made of a delivered text, if anything."""
        known = value if read is None else read
        if known is None:
            return ""
        if column in _CODED:
            return self.label("codes", str(known).lower()) or str(value)
        if column in ("product_id", "category_id"):
            name = self._names["products" if column == "product_id" else "categories"].get(str(known))
            return f"{name} ({known})" if name else str(known)
        if column in _NUMBERS and re.fullmatch(r"-?\d+(\.\d+)?", str(known)):
            return self.number(str(known))
        with suppress(ValueError, OverflowError):  # a delivered text that is no day of the calendar is shown as it is
            if re.match(r"\d{4}-\d\d-\d\dT", str(known)) and (column.endswith(("_at", "_from", "_until"))):
                return self.moment(str(known))
            if re.fullmatch(r"\d{4}-\d\d-\d\d", str(known)):
                if column.endswith("_month"):
                    return format_skeleton("yMMMM", date.fromisoformat(known), locale=self._locale)
                if column.endswith(_DATES):
                    return self.date(known)
        return str(value if isinstance(value, str) else known)

    def _filled(self, text: Any, n: int | None, values: dict[str, Any]) -> str:
        found = text[self.language] if isinstance(text, dict) else text
        if isinstance(found, dict):
            found = found[_PLURALS[self.language](n or 0)]
        return self.typeset(found).format(**({} if n is None else {"n": self.number(n)}), **values)
