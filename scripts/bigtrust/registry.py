"""Every check of the project, with its permanent code: what it says, why, what to do, and what it counts.

A code is never given to another check, not even after the check is gone. Rules of written suites (`expectations/`) have
their codes there; `every` gives them, too.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bigtrust.errors import ConfigurationError

# When a check is made: before any data moves, while dbt builds, on the candidates, by building again with other data,
# on the files that a run leaves.
Kind = Literal["static", "build", "data", "metamorphic", "artefact"]
_STOPS = "It stops a run before any data moves, so there is no result that could be excepted."
_NEVER = "What it finds is what the whole project promises not to publish."
_FOLLOWED = "The other checks of the lineage rest on it."
_WHOLE_FILES = "An exception would cover all files of a kind, and whatever else is in them."
_TESTED = "dbt stops the build at it, so there is no result that could be excepted."


@dataclass(frozen=True)
class Check:
    """A check as people read of it.

    `sentence` says what holds if it passes, `counted` what it counts as examined, `reason` why the check is there,
    `remedy` what to do when it fails. A failed check of severity critical keeps everything from being published.
    `no_exception` says why it cannot be excepted, and is empty if it can.
    """

    code: str
    kind: Kind
    sentence: str
    counted: str
    reason: str
    remedy: str
    severity: Literal["critical", "warning"] = "critical"
    no_exception: str = ""


CHECKS: tuple[Check, ...] = (
    Check(
        "CLS-01",
        "static",
        "Every landing column has an identifier class.",
        "columns of the landing contract",
        "Of a column that nobody classified, nobody knows whether it identifies a person, and nothing searches for it.",
        "Give the column its class in models/staging/_landing__sources.yml or in the YAML of staging. If in doubt, "
        "take the stricter one.",
        no_exception=_STOPS,
    ),
    Check(
        "CON-01",
        "static",
        "Every model of a publication has an enforced contract.",
        "models of the publication",
        "Without a contract, a column or a type can change and nobody decides it.",
        "Remove what switches the contract off.",
        no_exception=_STOPS,
    ),
    Check(
        "SUI-01",
        "static",
        "Every relation of a publication has a written suite.",
        "relations of the publication",
        "A relation that nobody wrote rules for is published without anybody having thought about it.",
        "Write the file that the message names. Take a suite beside it as the example.",
        no_exception=_STOPS,
    ),
    Check(
        "ERA-01",
        "static",
        "Every publication leaves out what was forgotten just if its purpose says so.",
        "models of the publication",
        "What is published about the policy must be what is done.",
        "Read what is kept (models/vault/kept/) instead of what the message names, or correct honours_erasure in "
        "seeds/policy/purposes.csv.",
        no_exception=_STOPS,
    ),
    Check(
        "PSE-03",
        "static",
        "Every pseudonym is issued in the domain of its publication.",
        "pseudonym columns of the publication",
        "With the same pseudonym in two publications, one is the key to the other.",
        "Name in issued_in a map of models/vault/ whose domain is the publication's.",
        no_exception=_STOPS,
    ),
    Check(
        "EXC-01",
        "static",
        "No exception has expired.",
        "exceptions of the policy",
        "An exception that nobody renews would become the rule.",
        "Repair what was excepted and remove the row of seeds/policy/check_exceptions.csv, or have it approved again "
        "with a new expires_on.",
        no_exception="An exception to the end of exceptions has no end.",
    ),
    Check(
        "FLW-01",
        "static",
        "No column of the relation, and nothing that decides which rows it has, derives from a direct identifier, a "
        "free text, a secret or a place in the delivery.",
        "columns of the relation",
        "A check of the data finds what it looks for. Where a value comes from is written in the SQL, whatever is done "
        "to it on the way: reversed, encoded, cut, counted, used in a filter.",
        "The reason names the landing column. Leave it out, or use a registered treatment "
        "(models/vault/treatments.sql) exactly as its macro writes it.",
        no_exception=_NEVER,
    ),
    Check(
        "FLW-02",
        "static",
        "No column of the relation derives from a quasi-identifier except through a registered treatment.",
        "columns of the relation",
        "A date of birth and a postal code single out most people. Generalised, each describes many.",
        "Apply the treatment of that column: birth_decade, country, language, month, day, region by postal_area.",
    ),
    Check(
        "FLW-03",
        "static",
        "Every model can be followed: its compiled SQL is parsed, and every name in it is known.",
        "models",
        "What cannot be followed could hide anything.",
        "The reason names the model and what is not known in it. Write it in SQL that the lineage follows.",
        no_exception=_FOLLOWED,
    ),
    Check(
        "FLW-04",
        "static",
        "No column of staging is declared less than what flows into it.",
        "columns of staging",
        "All that follows rests on the classes that are declared there.",
        "Correct the identifier_class in models/staging/_staging__models.yml, or the model.",
        no_exception=_FOLLOWED,
    ),
    Check(
        "FLW-05",
        "static",
        "Nothing runs beside the models but deletes and guards; no model, test or macro asks the database, logs, or "
        "calls what is not the project's own.",
        "hooks, and macros of the project",
        "A hook could copy data past every model, where no lineage sees it. So could a model whose Jinja asks for a "
        "value and writes it into its SQL, into a file or into the log.",
        "Remove the hook or the call, or write what it does as a model.",
        no_exception=_FOLLOWED,
    ),
    Check(
        "FLW-06",
        "static",
        "Every column of the relation that holds a pseudonym of its publication, or says something of a person, is "
        "declared to.",
        "columns of the relation",
        "The checks of the data go by what is declared: a treatment that is not declared is not counted when it is "
        "looked for persons of whom there is no other alike.",
        "Give the column in the model's YAML the treatment that it has: pseudonym, birth_decade, country, language, "
        "month or postal_area. What has none of these (a day, a store) is not published beside a person.",
        no_exception=_FOLLOWED,
    ),
    Check(
        "RET-05",
        "static",
        "The mart compares each relation with a retention window that it reads with today.",
        "relations with a retention window that the mart reads",
        "What has expired must disappear even if nothing is built, also from a mart that combines several relations.",
        "Compare visible_until with today where the mart reads what the reason names, or read its mart instead.",
    ),
    Check(
        "POL-01",
        "build",
        "The tables of the policy and of reference data are complete and possible.",
        "rows of the table",
        "A window, a purpose or an offer that is not possible would be broken silently.",
        "The message names the file and says what is possible. Correct the row.",
        no_exception=_TESTED,
    ),
    Check(
        "KEY-01",
        "build",
        "Keys of the vault's tables are unique and filled, and states are known ones.",
        "rows of the table",
        "Two pseudonyms for one person, or two persons under one pseudonym, make every published figure wrong.",
        "Look at the model that the message names, and at what it joins.",
        no_exception=_TESTED,
    ),
    Check(
        "ROW-02",
        "build",
        "Nothing is lost on the way in: landed = staged + duplicates + rejected, per landing table.",
        "rows of governance.marts.landing_rows, one per landing table",
        "A row that is in none of these counts has disappeared, perhaps with what a person asked for.",
        "Compare governance.marts.landing_rows with the staging models that were changed last.",
        no_exception=_TESTED,
    ),
    Check(
        "ROW-03",
        "build",
        "Every required landing table holds rows.",
        "rows of governance.marts.landing_rows, one per landing table",
        "An empty delivery is a failed one: it would empty the publications.",
        "Deliver the table again.",
        no_exception=_TESTED,
    ),
    Check(
        "ROW-04",
        "build",
        "No landing table is rejected as a whole.",
        "rows of governance.marts.landing_rows, one per landing table",
        "If no row can be read, the delivery has another form than the contract.",
        "governance.marts.rejected_rows counts the reasons. Repair the delivery.",
        no_exception=_TESTED,
    ),
    Check(
        "REQ-01",
        "build",
        "No erasure request, consent or legal hold is rejected.",
        "landing tables of such that hold rows",
        "What a person asked for is never lost in a count.",
        "governance.marts.rejected_rows counts the reasons. Repair the row.",
        no_exception=_TESTED,
    ),
    Check(
        "RET-03",
        "build",
        "No expired row is left in a candidate.",
        "relations with a retention window",
        "Data kept longer than the published policy says breaks a promise, whether or not a view hides it.",
        "governance.marts.retention_status says in which relation: its protected model does not drop the rows whose "
        "window has ended.",
        no_exception=_TESTED,
    ),
    Check(
        "ERA-02",
        "build",
        "Nothing that was forgotten is in a publication: no line, no return, no amount, no contact that names it or "
        "reveals the interest in it, and no offer is kept away because of it.",
        "requests that are in effect",
        "ERA-01 sees that what is forgotten is left out somewhere on the way; whether it really is, only the rows say.",
        "Look at what was changed last in models/vault/kept/, models/vault/purchase_sums.sql and "
        "models/vault/erased_purchase_lines.sql.",
        no_exception=_TESTED,
    ),
    Check(
        "RET-04",
        "build",
        "No row of a publication is older than its retention window, by the dates that it shows itself.",
        "rows of the relations with a retention window",
        "When a row disappears is computed by a macro. If that is wrong, everything that trusts it is wrong with it.",
        "Look at the macro visible_until (macros/policy/), and at how the protected model uses it.",
        no_exception=_TESTED,
    ),
    Check(
        "OPT-01",
        "build",
        "Nobody is in marketing whose last word on it is not yes.",
        "persons in marketing",
        "Without consent there is no ground on which marketing may know anybody (GDPR art. 6(1)(a)).",
        "Look at models/vault/marketing_opt_ins.sql: it lists the persons whom marketing may see.",
        no_exception=_TESTED,
    ),
    Check(
        "OPT-02",
        "build",
        "Nobody is in marketing who is younger than the policy says.",
        "persons in marketing whose date of birth is known",
        "Children know less of what becomes of their data, and marketing is what they are to be protected from first "
        "(GDPR recital 38).",
        "Look at models/vault/marketing_opt_ins.sql, and at the macro is_of_age (macros/privacy/).",
        no_exception=_TESTED,
    ),
    Check(
        "OFR-01",
        "build",
        "Nobody may be offered what they bought, before most of its replacement cycle has passed, or what the policy "
        "wants no offers for.",
        "persons in marketing",
        "After a purchase that one makes every ten years nobody wants offers for the same.",
        "Look at models/vault/offers/cool_downs.sql, and at marketing's models offer_pauses and offer_eligibility.",
        no_exception=_TESTED,
    ),
    Check(
        "PSE-04",
        "build",
        "No person has the same pseudonym in two publications.",
        "pseudonyms of persons in marketing and in service",
        "With the same pseudonym in two publications, one is the key to the other.",
        "Issue the pseudonyms of each publication in its own domain: models/vault/person_pseudonyms.sql, "
        "models/vault/marketing_person_pseudonyms.sql, models/vault/service_person_pseudonyms.sql.",
        no_exception=_TESTED,
    ),
    Check(
        "OBJ-01",
        "data",
        "A publication holds nothing that no model declares.",
        "objects in the file: relations, schemas, macros, types, sequences, indexes, defaults, constraints",
        "No check looks into what nobody declared, and its very name can hold a value.",
        "Remove whatever creates it.",
        no_exception="What no model declares, no check examines: nobody could say what is excepted.",
    ),
    Check(
        "COL-01",
        "data",
        "The relation has exactly the declared columns, in their order.",
        "columns",
        "What is not listed does not exist: a new column is reviewed before anybody reads it.",
        "List the column in the YAML of the model, with its treatment, or leave it out of the model.",
    ),
    Check(
        "ROW-01",
        "data",
        "The relation holds rows.",
        "rows",
        "An empty relation passes every rule about what it must not hold, and tells nothing to who reads it.",
        "Look at the counts of landed, rejected and expired rows of the run. A table that the retailer does not have "
        "belongs into the needs of the model.",
    ),
    Check(
        "RAW-01",
        "data",
        "No column holds a raw value of a person that the vault knows, whatever its case, accents and punctuation; nor "
        "does a comment or a definition.",
        "distinct texts, values of numbers and UUIDs",
        "A pseudonym protects nobody if the identifier travels along, in a free text, a web address or a number.",
        "The result names the column and the class of identifier. Leave the column out of the protected model, or give "
        "it a treatment. A free text is not repaired, it is left out.",
    ),
    *(
        Check(
            code,
            "data",
            f"No text holds what looks like {what}; nor does a comment or a definition.",
            "distinct values",
            "A raw value is only recognised if the vault holds it: what a customer wrote of somebody else, or a shop "
            "typed into a comment, is found by its form alone.",
            "The result names the column. Leave it out of the protected model, or replace it with what it was wanted "
            "for (a topic, a code). If it is no personal data, write an exception.",
        )
        for code, what in (
            ("PAT-01", "an e-mail address"),
            ("PAT-02", "a telephone number"),
            ("PAT-03", "a bank account number (IBAN)"),
            ("PAT-04", "a payment card number"),
            ("PAT-05", "an IP address"),
        )
    ),
    Check(
        "PSE-01",
        "data",
        "The column holds pseudonyms that the vault has issued, and nothing else.",
        "rows; where rows without a person are allowed, rows with one",
        "A number or a text where a pseudonym should be is an identifier that was forgotten; an unkeyed hash is "
        "reversed by trying.",
        "Write the column with the pseudonym macro, and look for identifiers that the map does not know.",
    ),
    Check(
        "RET-01",
        "data",
        "Every row is within its retention window.",
        "rows",
        "Data kept longer than the published policy says breaks a promise, whether or not a view hides it.",
        "Run again. If it fails still, the protected model does not drop expired rows, or an event without a date got "
        "a window.",
    ),
    Check(
        "RET-02",
        "data",
        "A mart shows the visible rows of its protected table, no more and no fewer, and none on the day on which they "
        "expire.",
        "rows of the protected table",
        "What has expired disappears on days without a build, too; and a mart that loses rows gives wrong answers.",
        "The mart selects from its protected table, and only filters visible_until > today().",
    ),
    Check(
        code="KAN-01",
        kind="data",
        sentence="Wherever a row is a person, at least k persons have each combination of quasi-identifiers.",
        counted="persons, once each",
        reason=(
            "Whoever knows a neighbour's region, language and decade of birth finds the neighbour's row, and all "
            "purchases with it, if no other person is alike."
        ),
        remedy=(
            "Select the columns through the macro k_anonymous, all of them in one call. On a day after the build, rows "
            "may have expired: run again."
        ),
    ),
    Check(
        code="PAT-06",
        kind="data",
        sentence="No text contains what looks like a French social security number (NIR).",
        counted="distinct texts",
        reason="It identifies alone, and tells sex, month and place of birth. Somebody may have typed one into a text: "
        "it is found by its form, with its key.",
        remedy="Leave the column out of the protected model, or replace it with what it was wanted for. One in 285 "
        "numbers of 15 digits has a valid key by chance: for product numbers, write an exception with this reason.",
    ),
    Check(
        code="PAT-07",
        kind="data",
        sentence="No text contains a web address with parameters.",
        counted="distinct texts",
        reason="The parameters are what a page was told: names, numbers, keys of a session.",
        remedy="Leave the column out of the protected model, or replace it with what it was wanted for, as a category.",
    ),
    Check(
        code="PSE-02",
        kind="data",
        sentence="No value is a hash of an identifier that can be computed without the secret.",
        counted="distinct texts, values of numbers and UUIDs",
        reason="A list of customers is enough to undo such a hash: it is no pseudonym (EDPB, Guidelines 01/2025).",
        remedy="Write the column with the pseudonym macro, or leave it out.",
    ),
    Check(
        code="CEL-01",
        kind="data",
        sentence="Every cell of an aggregate describes at least k persons.",
        counted="cells",
        reason="An aggregate of few people is data about them.",
        remedy="Leave small cells out in the protected model: count persons, and not purchases.",
    ),
    Check(
        code="CEL-02",
        kind="data",
        sentence="The cells that an aggregate leaves out describe at least k persons together.",
        counted="months with cells, for each column that divides them",
        reason="The total of a month is known from elsewhere; less the cells that are shown, it gives the others.",
        remedy="Leave out the smallest other cell of the month as well, as the models of insights do.",
    ),
    Check(
        code="CEL-03",
        kind="data",
        sentence="In no cell of an aggregate does one person make more than 80 percent of the amount.",
        counted="cells",
        reason="Such an amount is nearly what that person paid, however many others are in the cell "
        "(dominance rule; Hundepool et al., Statistical Disclosure Control, 2012, chapter 4).",
        remedy="Leave such cells out in the protected model: is_of_one_person (macros/privacy/).",
    ),
    Check(
        "MET-01",
        "metamorphic",
        "The publications are as if what was forgotten had never happened.",
        "rows of a sample, built with its requests",
        "That something was forgotten must not be readable from a total, a gap or a recency.",
        "The result names the relations that differ. Read in its model what is kept (models/vault/kept/). Until the "
        "models change or the check passes, runs publish nothing.",
        no_exception=_NEVER,
    ),
    Check(
        code="MET-02",
        kind="metamorphic",
        sentence="Nothing that is published changes when people get other names, numbers, addresses and texts.",
        counted="rows compared, of a sample of the customers",
        reason="Whatever flows from an identifier into a publication, in any encoding, changes with it. No list of "
        "patterns is needed, and nothing slips through one.",
        remedy="The line names the column that changed and the landing column that flows into it. Drop the column, or "
        "treat it: a pseudonym, a decade, a region, a month. If rows compete (first, latest, one of equals), let the "
        "time decide, then file and row, never an identifier. Until the models change or the check passes, runs "
        "publish nothing.",
        no_exception=_NEVER,
    ),
    Check(
        "ART-01",
        "artefact",
        "No file that a run leaves holds a raw value of a person, in its content or its name.",
        "files",
        "A value that no column shows can still be in a log, a page, a file name, or in the bytes of a database: in a "
        "comment, a label, a dictionary, a deleted row.",
        "The result names the files and the column that the value was landed in. Remove an old log, or what a run "
        "that was killed left behind. What the run itself wrote is written again: repair the model, macro or hook that "
        "writes it.",
        no_exception=_WHOLE_FILES,
    ),
    Check(
        "ART-02",
        "artefact",
        "No file that a run leaves holds the pseudonymisation secret, what is derived from it, or the private key of "
        "the ledger.",
        "files",
        "Who has the secret, a key or a pad can compute the pseudonym of anybody. Who has the ledger's key can sign "
        "another ledger.",
        "Find what wrote it, and remove the file. If others could read it, do what docs/pseudonyms.md says of a secret "
        "that became known: rotating a domain is no remedy, for its keys derive from the secret. Of the ledger, only "
        "heads that others saw before then say which one is true.",
        no_exception=_WHOLE_FILES,
    ),
    Check(
        "ART-03",
        "artefact",
        "The search of files sees: it finds a value of each landing column and the secret, in each promised form.",
        "hidden parts: a value or the secret, in one form each",
        "A search that is blind finds nothing, and would call everything clean.",
        "The result names column and form. What was changed last in scripts/bigtrust/artefacts/ does not see it.",
        no_exception="Without it, the search of files proves nothing.",
    ),
)

CODES = frozenset(check.code for check in CHECKS)


def every(project: Path) -> list[Check]:
    """All checks of a project, those of its written suites included, in the order of this page and of their codes.

    Raises ConfigurationError for a suite that cannot be used.
    """
    from bigtrust.gx.sentences import written_checks
    from bigtrust.gx.suites import load_suites

    folder = project / "expectations"
    # which relations exist is verified when dbt has said it; here every file is at its place
    relations = {".".join(path.relative_to(folder).with_suffix("").parts) for path in folder.rglob("*.y*ml")}
    return [*CHECKS, *written_checks(load_suites(folder, relations=relations, expectations=folder))]


def require_known(codes: Iterable[str], checks: Iterable[Check]) -> None:
    """Raise ConfigurationError that names the nearest code if there is no check of a code."""
    from bigtrust.gx.permitted import nearest

    known = {check.code for check in checks}
    for code in codes:
        if code not in known:
            hint = nearest(code.upper(), known) or " `bigtrust check --list` shows all codes."
            raise ConfigurationError(f"There is no check {code}.{hint}")
