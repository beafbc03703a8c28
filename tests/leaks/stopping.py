"""Leaks that are patches, and stop a run before any data moves, or while the data is built."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from leaks.patches import (
    AUDIENCE,
    CONSTANT,
    NOTHING,
    OUTSIDE,
    SECRET,
    TOLD,
    WEAK,
    Edit,
    Known,
    Patch,
    on,
    rewritten,
)
from leaks.plant import declare
from warehouse import replace_in


def stopped(name: str, family: str, code: str, says: str, edit: Edit) -> Patch:
    """A leak that stops a run; without a code, what refuses it is no check."""
    return Patch(name, family, edit, frozenset({(code, "")} if code else ()), says)


# --- what stops a run before any data moves

EXCEPTIONS = "an exception without end"
ERASED = "erased purchase in a total, a rank, a count, a recency"
IN_A_MONTH = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
SUITE = "expectations/analytics/marts/customers.yml"


def excepting(**changes: str) -> Edit:
    """An exception of the policy that can be used, but for what is changed."""
    row = {"code": "CUS-05", "object": "analytics.marts.customers.country", "reason": "Two shops abroad"}
    row |= {"owner": "Data team", "approved_by": "Privacy office", "expires_on": IN_A_MONTH} | changes
    row["object"] = row.pop("on", row["object"])

    def edit(project: Path, known: Known) -> None:
        path = project / "seeds" / "policy" / "check_exceptions.csv"
        path.write_text(path.read_text(encoding="utf-8") + ",".join(row.values()) + "\n", encoding="utf-8")

    return edit


def reading(name: str, sql: str) -> Edit:
    """A relation of two columns of analytics."""

    def edit(project: Path, known: Known) -> None:
        declare(project, f"zoo_{name}", sql, {"segment": "varchar", "amount": "bigint"})

    return edit


def in_suite(old: str, new: str) -> Edit:
    """An edit of the suite of the customers."""
    return lambda project, known: replace_in(project / SUITE, old, new)


def _deleted_suite(project: Path, known: Known) -> None:
    (project / SUITE).unlink()


def _emptied_suite(project: Path, known: Known) -> None:
    text = "relation: analytics.marts.customers\nneeds: [customers]\nexpectations: []\n"
    (project / SUITE).write_text(text, encoding="utf-8")


def _without_suite(project: Path, known: Known) -> None:
    declare(project, "zoo_unsuited", CONSTANT, {"segment": "varchar"}, schema="marts", has_suite=False)


def _without_contract(project: Path, known: Known) -> None:
    sql = '{{ config(contract={"enforced": false}) }} ' + CONSTANT
    declare(project, "zoo_loose", sql, {"segment": "varchar"})


def _without_test(project: Path, known: Known) -> None:
    (project / "tests" / "dbt" / "no_request_or_consent_is_rejected.sql").unlink()


def _aggregate_without_cells(project: Path, known: Known) -> None:
    declare(project, "zoo_cells", CONSTANT, {"segment": "varchar"}, publication="insights")


def _secret_from_the_environment(project: Path, known: Known) -> None:
    description = "Keyed by {{ env_var('DBT_ENV_SECRET_BIGTRUST') }}."
    declare(project, "zoo_environment", CONSTANT, {"segment": "varchar"}, description=description)


def _kept_without_erasure(project: Path, known: Known) -> None:
    path = project / "models/vault/kept/kept_consents.sql"
    path.write_text("select * from {{ ref('stg_consents') }}\n", encoding="utf-8")


def _pseudonyms_of_analytics(project: Path, known: Known) -> None:
    path = project / "models/protected/marketing/_marketing__protected.yml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("issued_in: marketing_", "issued_in: "), encoding="utf-8")


TEST = "tests/dbt/no_request_or_consent_is_rejected.sql"
LINES, PURCHASES = "{{ ref('stg_purchase_lines') }}", "{{ ref('stg_purchases') }}"
ERASED_LINES = "{{ ref('erased_purchase_lines') }}"
STOPPED = [
    stopped("suite deleted", NOTHING, "SUI-01", "analytics.marts.customers has no suite", _deleted_suite),
    stopped("suite without an expectation", NOTHING, "", "expectations is missing or empty", _emptied_suite),
    stopped(
        "expectation about some rows only",
        NOTHING,
        "",
        "has no argument row_condition",
        in_suite("{column: person_pseudonym}", "{column: person_pseudonym, row_condition: 'false'}"),
    ),
    stopped(
        "expectation that need not hold for all",
        NOTHING,
        "",
        "mostly is not permitted",
        in_suite("{column: person_pseudonym}", "{column: person_pseudonym, mostly: 0.1}"),
    ),
    stopped(
        "data test disabled",
        NOTHING,
        "REQ-01",
        "no_request_or_consent_is_rejected is switched off",
        rewritten(TEST, "    config(\n", "    config(\n        enabled=false,\n"),
    ),
    stopped(
        "data test that only warns",
        NOTHING,
        "REQ-01",
        "by its severity",
        rewritten(TEST, "    config(\n", "    config(\n        severity='warn',\n"),
    ),
    stopped(
        "data test on no row",
        NOTHING,
        "POL-01",
        "by its where",
        rewritten(
            "seeds/_seeds.yml",
            'config: {meta: {exit_code: 2, remedy: "seeds/policy/retention_windows.csv: period_months',
            'config: {where: "1 = 0", meta: {exit_code: 2, remedy: "seeds/policy/retention_windows.csv: period_months',
        ),
    ),
    stopped("data test deleted", NOTHING, "REQ-01", "there is no data test of it", _without_test),
    stopped("mart without a suite", OUTSIDE, "SUI-01", "analytics.marts.zoo_unsuited has no suite", _without_suite),
    stopped("model without a contract", OUTSIDE, "CON-01", "protected_analytics__zoo_loose", _without_contract),
    stopped("aggregate whose persons nobody can count", OUTSIDE, "", "must name as `cells`", _aggregate_without_cells),
    stopped(
        "expectation that shows what it finds",
        TOLD,
        "",
        "expect_column_max_to_be_between is not permitted",
        in_suite(
            "expect_column_values_to_be_unique: {column: person_pseudonym}",
            "expect_column_max_to_be_between: {column: country, max_value: z}",
        ),
    ),
    stopped(
        "data test that keeps the rows it finds",
        TOLD,
        "REQ-01",
        "by its store_failures",
        rewritten(TEST, "    config(\n", "    config(\n        store_failures=true,\n        database='analytics',\n"),
    ),
    stopped(
        "secret from the environment in a description",
        SECRET,
        "",
        "Secret env vars are allowed only in profiles.yml",
        _secret_from_the_environment,
    ),
    stopped("exception without an end", EXCEPTIONS, "", "expires_on is empty", excepting(expires_on="")),
    stopped(
        "exception until the year 9999", EXCEPTIONS, "", "more than 12 months ahead", excepting(expires_on="9999-12-31")
    ),
    stopped(
        "exception that has expired",
        EXCEPTIONS,
        "EXC-01",
        "has expired on 2020-01-31",
        excepting(expires_on="2020-01-31"),
    ),
    stopped("exception that nobody approved", EXCEPTIONS, "", "approved_by is empty", excepting(approved_by="")),
    stopped(
        "exception that its owner approved", EXCEPTIONS, "", "the owner approves it", excepting(approved_by="data team")
    ),
    stopped("exception to no check", EXCEPTIONS, "", "there is no check of this code", excepting(code="ALL-01")),
    stopped(
        "exception to a check that has none",
        EXCEPTIONS,
        "",
        "FLW-01 cannot be excepted",
        excepting(code="FLW-01", on="analytics.marts.customers"),
    ),
    stopped("exception to everything", EXCEPTIONS, "", "is not judged on such an object", excepting(on="*")),
    stopped(
        "total of all that was sold",
        ERASED,
        "ERA-01",
        "zoo_total depends on stg_purchase_lines",
        reading(
            "total",
            f"select channel as segment, cast(sum(quantity) as bigint) as amount from {LINES}"
            f" inner join {PURCHASES} using (purchase_id) group by channel",
        ),
    ),
    stopped(
        "rank by all that was sold",
        ERASED,
        "ERA-01",
        "zoo_rank depends on stg_purchase_lines",
        reading(
            "rank",
            "select product_id as segment, rank() over (order by count(*) desc) as amount"
            f" from {LINES} group by product_id",
        ),
    ),
    stopped(
        "count of all purchases",
        ERASED,
        "ERA-01",
        "zoo_count depends on stg_purchases",
        reading(
            "count",
            f"select channel as segment, count(*) as amount from {PURCHASES} group by channel",
        ),
    ),
    stopped(
        "days since the last purchase of all",
        ERASED,
        "ERA-01",
        "zoo_recency depends on stg_purchases",
        reading(
            "recency",
            f"select channel as segment, current_date - max(purchased_on) as amount from {PURCHASES} group by channel",
        ),
    ),
    stopped(
        "how much was forgotten",
        ERASED,
        "ERA-01",
        "zoo_gaps depends on",
        reading("gaps", f"select 'forgotten' as segment, count(*) as amount from {ERASED_LINES}"),
    ),
    stopped(
        "what is kept leaves nothing out",
        ERASED,
        "ERA-01",
        "kept_consents is in models/vault/kept/",
        _kept_without_erasure,
    ),
    stopped(
        "a purpose that says the contrary",
        ERASED,
        "ERA-01",
        "analytics does not honour erasure",
        rewritten("seeds/policy/purposes.csv", 'need",true,Questions', 'need",false,Questions'),
    ),
    stopped(
        "pseudonyms of another publication",
        WEAK,
        "PSE-03",
        "is no pseudonym of the domain marketing",
        _pseudonyms_of_analytics,
    ),
]


# --- what stops a build


def _window_switched_off(project: Path, known: Known) -> None:
    path = project / "macros/policy/visible_until.sql"
    text = path.read_text(encoding="utf-8")
    head, body = text.split("-%}", 1)
    body = body.replace("{%- endmacro %}", "{% endif %}{% endmacro %}")
    never = "{% if data_category == 'web_events' %}date '9999-12-31'{% else %}"
    path.write_text(f"{head}-%}}{never}{body}", encoding="utf-8")


def _old_enough_some_day(project: Path, known: Known) -> None:
    """The wrong sign in the macro; nobody of the demo is under eighteen, so the policy is stricter."""
    replace_in(project / "macros" / "privacy" / "is_of_age.sql", "- interval", "+ interval")
    replace_in(project / "seeds" / "policy" / "settings.csv", "marketing_age,18,", "marketing_age,30,")


BUILT = [
    Patch(
        "pseudonyms by the key of another publication",
        WEAK,
        rewritten(
            "models/vault/marketing_person_pseudonyms.sql", 'issue_pseudonym("marketing"', 'issue_pseudonym("analytics"'
        ),
        on("", "PSE-04"),
    ),
    Patch("window of visits switched off in the macro", AUDIENCE, _window_switched_off, on("", "RET-04")),
    Patch(
        "consent ignored",
        AUDIENCE,
        rewritten("models/vault/marketing_opt_ins.sql", "    and consent_states.is_granted\n", ""),
        on("", "OPT-01"),
    ),
    Patch("somebody too young in marketing", AUDIENCE, _old_enough_some_day, on("", "OPT-02")),
]
FORGOTTEN = [
    Patch(
        "visits to what was forgotten",
        ERASED,
        rewritten(
            "models/vault/kept/kept_web_events.sql",
            "not exists (select 1 from revealing",
            "true or exists (select 1 from revealing",
        ),
        on("", "ERA-02") | on("analytics.marts.touchpoints", "MET-01"),
        "interest",
    ),
    Patch(
        "forgotten lines in a total",
        ERASED,
        rewritten(
            "models/vault/purchase_sums.sql", "cast(sum(net_amount) filter (where is_kept)", "cast(sum(net_amount)"
        ),
        on("", "ERA-02") | on("insights.marts.sales_by_region_month", "MET-01"),
        "sales",
    ),
    Patch(
        "forgotten lines in a count",
        ERASED,
        rewritten(
            "models/vault/kept/kept_purchase_lines.sql",
            "and {{ not_an_erased_line(",
            "and true or {{ not_an_erased_line(",
        ),
        on("", "ERA-02") | on("analytics.marts.purchases", "MET-01"),
        "purchases",
    ),
    Patch(
        "returns of what was forgotten",
        ERASED,
        rewritten(
            "models/vault/kept/kept_returns.sql",
            "and {{ not_an_erased_line(",
            "and true or {{ not_an_erased_line(",
        ),
        on("", "ERA-02"),
        "returns",
    ),
]
