"""The page of an access report, from the content of its JSON file alone. It runs no script and loads nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bigtrust import html, secret
from bigtrust.access.wording import FOLDER, Words, texts
from bigtrust.details import Labels
from bigtrust.states import EFFECTIVE

# The sections of categories of data, each with its landing tables.
SECTIONS = {
    "customers": ("customers",),
    "consents": ("consents",),
    "purchases": ("purchases", "purchase_lines"),
    "returns": ("returns",),
    "web_events": ("web_events",),
    "support_tickets": ("support_tickets",),
    "marketing_messages": ("marketing_messages",),
    "forgetting": ("erasure_requests",),
    "legal_holds": ("legal_holds",),
}
_LONG, _WIDE = 10, 7  # more rows are folded in; more columns are shown below each other


@dataclass
class Line:
    """A row as it is shown: a text for each column, remarks, and until when each purpose uses it."""

    cells: list[str]
    remarks: list[str] = field(default_factory=list)
    kept: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Table:
    """A table as it is shown. With many columns, each line is shown by itself, as a record."""

    id: str
    caption: str
    headings: list[str]
    lines: list[Line]
    empty: list[str] = field(default_factory=list)
    note: str = ""

    @property
    def is_record(self) -> bool:
        """Whether it has too many columns to be read side by side."""
        return len(self.headings) > _WIDE

    @property
    def is_long(self) -> bool:
        """Whether it is better folded in."""
        return len(self.lines) > _LONG

    @property
    def has_remarks(self) -> bool:
        """Whether any line has a remark."""
        return any(line.remarks for line in self.lines)

    @property
    def has_kept(self) -> bool:
        """Whether any line says until when it is used."""
        return any(line.kept for line in self.lines)


@dataclass
class Section:
    """A category of data as it is shown: facts about it, what it is used for, and its tables."""

    id: str
    title: str
    facts: list[tuple[str, str]]
    uses: list[Mapping[str, str]]
    tables: list[Table]
    notes: list[str] = field(default_factory=list)


def render(content: Mapping[str, Any], labels: Labels) -> str:
    """Return the page (HTML) of a report in its language; `labels` are the names of the landing columns."""
    words = Words(content["language"], content["policy"]["time_zone"], content["names"])
    page = _Page(content, labels, words)
    return html.page(
        FOLDER,
        "page.j2",
        {
            "report": content,
            "words": words,
            "say": words.say,
            "answerable": list(page.answerable()),
            "brief": list(page.brief()),
            "sections": page.sections(),
            "nothing": page.nothing(),
            "publications": list(page.publications()),
            "vault": [page.copy(f"vault-{number}", copy) for number, copy in enumerate(content["vault"])],
            "recipients": page.recipients(),
            "files": page.files(),
            "rights": [words.said(right) for right in texts()["rights"]["list"]],
            "glossary": [(words.said(word["term"]), words.said(word["text"])) for word in texts()["words"]["list"]],
        },
    )


class _Page:
    def __init__(self, content: Mapping[str, Any], labels: Labels, words: Words) -> None:
        self._content = content
        self._labels = labels
        self._words = words
        self._tables = {table["table"]: table for table in content["landing"]}
        self._purposes = {purpose["purpose"]: purpose for purpose in content["policy"]["purposes"]}

    def answerable(self) -> Iterable[tuple[str, str, str]]:
        """Who answers for the processing, and whom to ask: role, name and contact."""
        for row in self._content["policy"]["controller"]:
            role = self._words.label("roles", row["role"]) or row["role"]
            yield role, self._words.policy(row["name"]), self._words.typeset(row["contact"])

    def brief(self) -> Iterable[str]:
        """What matters most, in a few sentences."""
        say = self._words.say
        agreed = [
            self._words.value("purpose", choice["purpose"])
            for choice in self._content["choices"]
            if choice["counts"] and choice["granted"]
        ]
        yield say("summary.agrees", purposes=self._words.list(agreed)) if agreed else say("summary.agrees_to_nothing")
        done = [request for request in self._content["register"]["requests"] if request["state"] == EFFECTIVE]
        if any(request["scope"] == "person" for request in done):
            yield say("summary.forgotten_person")
        elif done:
            yield say("summary.forgotten")

    def sections(self) -> list[Section]:
        """The categories of which anything is held."""
        return [self._section(name, tables) for name, tables in SECTIONS.items() if self._holds(name, tables)]

    def nothing(self) -> list[str]:
        """The titles of the categories of which nothing is held."""
        return [
            self._words.say(f"sections.{name}.title")
            for name, tables in SECTIONS.items()
            if not self._holds(name, tables)
        ]

    def publications(self) -> Iterable[Mapping[str, Any]]:
        """Every publication, with what people read of it."""
        for number, published in enumerate(self._content["publications"]):
            purpose = next(
                each for each in self._content["policy"]["purposes"] if each["publication"] == published["publication"]
            )
            yield {
                "title": self._purpose(purpose["purpose"]),
                "description": self._words.policy(purpose["description"]),
                "basis": self._words.policy(purpose["legal_basis"]),
                "readers": self._audience(purpose["audience"]),
                "has_persons": published["publication"] in secret.DOMAINS,
                "tables": [
                    self.copy(f"published-{number}-{place}", copy)
                    for place, copy in enumerate(published["relations"])
                    if copy["relation"].startswith("marts.")
                ],
            }

    def copy(self, identifier: str, copy: Mapping[str, Any]) -> Table:
        """Rows of the vault or a publication."""
        columns = list(copy["rows"][0])
        return Table(
            identifier,
            self._words.label("relations", copy["relation"]) or copy["relation"],
            [self._words.label("columns", column) or column for column in columns],
            [Line([self._words.value(column, row[column]) for column in columns]) for row in copy["rows"]],
        )

    def recipients(self) -> Table:
        """Who may receive addresses."""
        say = self._words.say
        lines = []
        for row in self._content["policy"]["recipients"]:
            remarks = [say("recipients.transfers", basis=row["transfer_basis"])] if row["transfer_basis"] else []
            lines.append(
                Line(
                    [
                        row["name"],
                        self._purpose(row["purpose"]),
                        self._words.policy(row["legal_basis"]),
                        self._columns(row["columns"]),
                        row["country"],
                    ],
                    remarks,
                )
            )
        headings = ("name", "purpose", "basis", "columns", "country")
        return Table(
            "recipients-policy",
            say("recipients.caption"),
            [say(f"recipients.{heading}") for heading in headings],
            lines,
        )

    def files(self) -> Table:
        """The files of addresses that were given out."""
        say = self._words.say
        names = {row["recipient"]: row["name"] for row in self._content["policy"]["recipients"]}
        headings = ("date", "given_to", "given_for", "given_columns", "use_until", "you")
        return Table(
            "recipients-files",
            say("recipients.files_caption"),
            [say(f"recipients.{heading}") for heading in headings],
            [
                Line(
                    [
                        self._words.moment(file["disclosed_at"]),
                        names.get(file["recipient"], file["recipient"]),
                        f"{self._purpose(file['purpose'])} · "
                        + say(f"recipients.{file['kind']}", campaign=file["campaign"], subject=file["subject"]),
                        self._columns(file["columns"].split(" ")),
                        self._words.date(file["use_until"]),
                        say(f"recipients.{file['concerned']}"),
                    ]
                )
                for file in self._content["disclosures"]
            ],
        )

    def _holds(self, name: str, tables: Sequence[str]) -> bool:
        if name == "forgetting" and any(self._content["register"].values()):
            return True
        return any(self._tables[table]["rows"] for table in tables)

    def _section(self, name: str, tables: Sequence[str]) -> Section:
        say, said = self._words.say, texts()["sections"][name]
        facts = [(say("facts.source"), say(f"sections.{name}.source"))]
        if "kept" in said:
            facts.append((say("facts.kept"), say(f"sections.{name}.kept")))
        facts.append((say("facts.receives"), self._outside(name)))
        shown = [self._table(table) for table in tables if self._tables[table]["rows"]]
        if name == "forgetting":
            shown = [*self._asked(), *shown]
        notes = [say(f"sections.{name}.{note}") for note in ("apart", "law", "recall") if note in said]
        if name == "customers" and self._content["last_active_on"]:
            notes.append(say("kept.like_record", day=self._words.date(self._content["last_active_on"])))
        return Section(name, say(f"sections.{name}.title"), facts, list(self._uses(name)), shown, notes)

    def _outside(self, name: str) -> str:
        if "outside" in texts()["sections"][name]:
            return self._words.say(f"sections.{name}.outside")
        if name != "customers":
            return self._words.say("facts.outside_none")
        names = list(dict.fromkeys(row["name"] for row in self._content["policy"]["recipients"]))
        columns = dict.fromkeys(column for row in self._content["policy"]["recipients"] for column in row["columns"])
        if not names:
            return self._words.say("facts.outside_none")
        return self._words.say("facts.outside", names=self._words.list(names), columns=self._columns(list(columns)))

    def _uses(self, name: str) -> Iterable[Mapping[str, str]]:
        if name == "consents":  # they stay with the record
            return
        for window in self._content["policy"]["retention_windows"]:
            if window["data_category"] == name:
                purpose = self._purposes[window["purpose"]]
                yield {
                    "purpose": self._purpose(window["purpose"]),
                    "description": self._words.policy(purpose["description"]),
                    "basis": self._words.policy(purpose["legal_basis"]),
                    "period": self._words.say(
                        "facts.months",
                        n=window["period_months"],
                        start=self._words.say(f"starts.{window['start_event']}"),
                    ),
                    "source": self._words.policy(window["legal_source"]),
                    "readers": self._audience(purpose["audience"]),
                }

    def _table(self, name: str) -> Table:
        rows = self._tables[name]["rows"]
        if name == "consents":
            rows = sorted(rows, key=lambda row: row["read"]["recorded_at"] or "")
        columns = [column for column in self._labels[name] if column != "customer_id"]
        filled = [column for column in columns if any(row["values"].get(column) is not None for row in rows)]
        is_told = any(not row["is_elsewhere"] for row in rows)  # else nothing is known to be empty
        return Table(
            name,
            self._words.say(f"tables.{name}"),
            [self._label(name, column) for column in filled],
            [
                Line(
                    [
                        self._words.value(column, row["values"].get(column), row["read"].get(column))
                        for column in filled
                    ],
                    list(self._remarks(name, row)),
                    [] if name in ("purchase_lines", "consents") else list(self._kept(row)),
                )
                for row in rows
            ],
            empty=[self._label(name, column) for column in columns if is_told and column not in filled],
            note=self._words.say("kept.like_purchase") if name == "purchase_lines" else "",
        )

    def _remarks(self, name: str, row: Mapping[str, Any]) -> Iterable[str]:
        say = self._words.say
        if row["state"] == "rejected":
            yield say("states.rejected", reason=self._reason(name, row["reason"]))
        elif row["state"] != "used":
            yield say(f"states.{row['state']}")
        if row["is_elsewhere"]:
            yield say("states.elsewhere")
        if row["counts"]:
            yield say("states.counts")
        if row["is_forgotten"]:
            yield say("states.forgotten")
        if row["is_held"]:
            yield say("states.held")
        if row["due_since"]:
            yield say("states.due", day=self._words.date(row["due_since"]))

    def _reason(self, name: str, reason: str | None) -> str:
        """Why a row was set aside: `birth_date_unreadable`, in words."""
        for kind in texts()["reasons"]:
            column = (reason or "").removesuffix(f"_{kind}")
            if column != reason and column in self._labels[name]:
                return self._words.say(f"reasons.{kind}", column=self._label(name, column))
        return reason or ""

    def _kept(self, row: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
        for use in row["uses"]:
            state = use["state"] if use["until"] or use["state"] != "ended" else "ended_unknown"
            yield self._purpose(use["purpose"]), self._words.say(f"kept.{state}", day=self._words.date(use["until"]))

    def _asked(self) -> Iterable[Table]:
        say, held = self._words.say, self._content["register"]
        if held["requests"]:
            yield Table(
                "requests",
                say("requests.caption"),
                [say(f"requests.{heading}") for heading in ("number", "asked", "what", "became")],
                [Line(self._request(request)) for request in held["requests"]],
            )
        if held["forgotten_lines"]:
            shown = self.copy("remembered", {"relation": "", "rows": held["forgotten_lines"]})
            shown.caption, shown.note = say("requests.remembered"), say("requests.remembered_why")
            yield shown

    def _request(self, request: Mapping[str, Any]) -> list[str]:
        say, words = self._words.say, self._words
        channel = words.value("channel", request["channel"])
        scope = request["scope"] if request["scope"] in texts()["requests"] else "person"
        return [
            request["request_id"],
            f"{words.moment(request['requested_at'])} ({channel})",
            say(
                f"requests.{scope}",
                purchase_id=request["purchase_id"],
                line_number=request["line_number"],
                category=words.value("category_id", request["category_id"]),
            ),
            say(
                f"requests.{request['state']}",
                since=words.date(request["since"]),
                run=request["since_run"],
                withdrawn=words.date(request["withdrawn_at"]),
            ),
        ]

    def _purpose(self, purpose: str) -> str:
        return self._words.label("purposes", purpose) or purpose

    def _audience(self, audience: str) -> str:
        return self._words.label("audiences", audience) or audience

    def _label(self, table: str, column: str) -> str:
        return self._words.typeset(self._labels[table][column][self._words.language])

    def _columns(self, columns: Sequence[str]) -> str:
        known = self._labels["customers"]
        shown = [self._label("customers", column) if column in known else column for column in columns]
        return ", ".join([shown[0], *(each[0].lower() + each[1:] for each in shown[1:])]) if shown else ""
