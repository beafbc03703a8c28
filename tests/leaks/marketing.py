"""Leaks that belong to marketing, after-sales and the whole of a customer's experience. All are patches."""

from pathlib import Path

from leaks.patches import MACROS, Edit, Known, Patch, on, rewritten
from leaks.plant import declare
from leaks.stopping import stopped
from warehouse import replace_in

RESTRAINT = "marketing without restraint"
EXPERIENCE = "a person behind an experience"

OFFERS = "models/vault/offers"
PROTECTED = "models/protected/marketing"
COOL_DOWNS = f"{PROTECTED}/protected_marketing__offer_cool_downs.sql"
AUDIENCE = "models/marts/marketing/marketing__audience_members.sql"
JOURNEYS = "models/marts/analytics/analytics__journeys.sql"
ELIGIBILITY = "models/marts/marketing/marketing__offer_eligibility.sql"
GUARANTEES = "models/protected/service/protected_service__guarantees.sql"


def _reads(old: str, new: str, file: str) -> Edit:
    return rewritten(file, f'{{{{ ref("{old}") }}}}', f'{{{{ ref("{new}") }}}}')


def _addressees(project: Path, known: Known) -> None:
    sql = "select pause as segment, count(*) as amount from {{ ref('addressees') }} group by pause"
    declare(project, "zoo_addressees", sql, {"segment": "varchar", "amount": "bigint"}, publication="marketing")


def _pseudonyms_of_marketing(project: Path, known: Known) -> None:
    path = project / "models/protected/service/_service__protected.yml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("issued_in: service_", "issued_in: marketing_"), encoding="utf-8")


STOPPED = [
    stopped(
        "suppression joined into a mart",
        RESTRAINT,
        "ERA-01",
        "protected_marketing__offer_cool_downs depends on",
        rewritten(
            COOL_DOWNS,
            "where cool_downs.cool_until > {{ today() }}",
            "where cool_downs.category_id not in (select category_id from {{ ref('suppressions') }})",
        ),
    ),
    stopped(
        "cool-down that reveals a forgotten purchase",
        RESTRAINT,
        "ERA-01",
        "protected_marketing__offer_cool_downs depends on",
        _reads("kept_purchase_lines", "scope_purchase_lines", f"{OFFERS}/cool_downs.sql"),
    ),
    stopped(
        "pause that reveals a question about a forgotten purchase",
        RESTRAINT,
        "ERA-01",
        "depends on stg_support_tickets",
        _reads("kept_support_tickets", "stg_support_tickets", f"{OFFERS}/quiet_persons.sql"),
    ),
    stopped(
        "band of value with forgotten purchases",
        RESTRAINT,
        "ERA-01",
        "depends on stg_purchases",
        _reads("kept_purchases", "scope_purchases", f"{OFFERS}/audience_purchases.sql"),
    ),
    stopped("who may be addressed, in a mart", RESTRAINT, "ERA-01", "zoo_addressees depends on", _addressees),
    stopped(
        "guarantee of a forgotten purchase",
        EXPERIENCE,
        "ERA-01",
        "protected_service__guarantees depends on",
        _reads("kept_purchase_lines", "scope_purchase_lines", GUARANTEES),
    ),
    stopped(
        "pseudonyms of marketing at after-sales",
        EXPERIENCE,
        "PSE-03",
        "is no pseudonym of the domain service",
        _pseudonyms_of_marketing,
    ),
]
BUILT = [
    Patch(
        "offers of what somebody has",
        RESTRAINT,
        rewritten(
            ELIGIBILITY,
            "                when offer_cool_downs.category_id is not null\n                then 'cool_down'\n",
            "",
        ),
        on("", "OFR-01"),
    ),
]


def _end_of_a_cool_down(project: Path, known: Known) -> None:
    replace_in(project / COOL_DOWNS, "tree.category_id, audience", "tree.category_id, cool_downs.cool_until, audience")
    path = project / PROTECTED / "_marketing__protected.yml"
    text = path.read_text(encoding="utf-8")
    head, name, tail = text.partition("  - name: protected_marketing__offer_cool_downs\n")
    before, category, after = tail.partition("      - {name: category_id,")
    column = '      - {name: cool_until, data_type: "date", description: "When it ends."}\n'
    line, rest = after.split("\n", 1)
    path.write_text(f"{head}{name}{before}{category}{line}\n{column}{rest}", encoding="utf-8")


def _own_words(project: Path, known: Known) -> None:
    replace_in(
        project / "models/vault/kept/kept_support_tickets.sql", "topic, satisfaction,", "topic, message, satisfaction,"
    )
    path = project / "models/protected/service/protected_service__contacts.sql"
    replace_in(path, '"support_tickets.topic"', '"support_tickets.message"')


RESULTS = "marketing.protected.campaign_results, marketing.marts.campaign_results"
MONTHS = "insights.protected.experience_by_month, insights.marts.experience_by_month"
FOUND = [
    Patch(
        "consent that ends with a build only",
        RESTRAINT,
        rewritten(
            "models/marts/marketing/marketing__audience_members.sql", "\nwhere visible_until > {{ today() }}", ""
        ),
        on("marketing.marts.audience_members", "RET-02 RET-05"),
    ),
    Patch(
        "offers to who is no longer to be seen",
        RESTRAINT,
        rewritten(ELIGIBILITY, "        where audience_members.visible_until > {{ today() }}\n", ""),
        on("marketing.marts.offer_eligibility", "RET-05"),
    ),
    Patch(
        "reason that says what was not forgotten",
        RESTRAINT,
        rewritten(ELIGIBILITY, "else 'ok'", "else 'never asked to forget it'"),
        on("marketing.marts.offer_eligibility.reason", "OEL-02"),
    ),
    Patch(
        "day on which a cool-down ends",
        RESTRAINT,
        _end_of_a_cool_down,
        on("marketing.protected.offer_cool_downs", "OCDP-01"),
    ),
    Patch(
        "results of few persons",
        RESTRAINT,
        rewritten(
            f"{PROTECTED}/protected_marketing__campaign_results.sql",
            'person_count >= {{ setting("k") }}',
            "person_count >= 1",
        ),
        on(RESULTS, "CEL-01"),
    ),
    Patch(
        "experience of few persons",
        EXPERIENCE,
        rewritten(
            "models/protected/insights/protected_insights__experience_by_month.sql",
            'person_count >= {{ setting("k") }}',
            "person_count >= 1",
        ),
        on(MONTHS, "CEL-01"),
    ),
    Patch(
        "journey that goes on when its steps have expired",
        EXPERIENCE,
        _reads(
            "analytics__touchpoints",
            "protected_analytics__touchpoints",
            "models/marts/analytics/analytics__journeys.sql",
        ),
        on("analytics.marts.journeys", "RET-05"),
    ),
    Patch(
        "question in the words of who asked",
        EXPERIENCE,
        _own_words,
        on("service.protected.contacts, service.marts.contacts", "FLW-01"),
    ),
]


def _macro(name: str, argument: str, body: str) -> Edit:
    def edit(project: Path, known: Known) -> None:
        text = f"{{% macro {name}({argument}) -%}} {body} {{%- endmacro %}}\n"
        (project / MACROS / f"{name}.sql").write_text(text, encoding="utf-8")

    return edit


FOUND_WITH_K_1 = [
    Patch(
        "campaign named after who received it",
        RESTRAINT,
        rewritten(
            f"{OFFERS}/audience_messages.sql",
            "kept_marketing_messages.campaign_id,",
            "kept_marketing_messages.customer_id as campaign_id,",
        ),
        on(RESULTS, "FLW-01"),
    ),
    Patch(
        "number of messages for its band",
        RESTRAINT,
        _macro("contact_band", "messages", "coalesce('n' || {{ messages }}, 'none')"),
        on("marketing.marts.audience_members.contact_pressure", "AUD-02"),
    ),
    Patch(
        "amount for its band",
        RESTRAINT,
        _macro("value_band", "amount", "coalesce('EUR ' || {{ amount }}, 'none')"),
        on("marketing.marts.audience_members.value_band", "AUD-03"),
    ),
    Patch(
        "month of the last purchase for its band",
        RESTRAINT,
        _macro("recency_band", "last_month", "coalesce(strftime({{ last_month }}, '%Y-%m'), 'none')"),
        on("marketing.marts.audience_members.recency_band", "AUD-04"),
    ),
]
