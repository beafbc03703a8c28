"""Leaks that are patches to the project: to a model, a macro, a configuration, a suite, a table of the policy.

As those of relations.py, each declares what the house asks for, so that nothing refuses it but the check that is meant
for its family. All that a run finds on its candidates are built together, and each is judged by the objects that fail
(`FOUND`, and `FOUND_WITH_K_1` where k would hide them). What does not come so far is in stopping.py.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from leaks.plant import declare
from leaks.relations import PERSON
from warehouse import replace_in


@dataclass(frozen=True)
class Known:
    """What a leak takes from the data: it is another one every day, and stands in no file of the project."""

    email: str
    secret: str


Edit = Callable[[Path, Known], None]


@dataclass(frozen=True)
class Patch:
    """A leak.

    `edit` puts it into a copied project. `caught_by` are the checks that fail, each with the object that it fails on: a
    relation, a column of one, or what else is judged; none for what stops a run or a build. `says` is in the message
    that stops a run, or in the reason of a check; of something forgotten, it is what is still there.
    """

    name: str
    family: str
    edit: Edit
    caught_by: frozenset[tuple[str, str]]
    says: str = ""

    @property
    def codes(self) -> list[str]:
        """The codes of the checks that refuse it."""
        return sorted({code for code, _ in self.caught_by})


def on(objects: str, codes: str) -> frozenset[tuple[str, str]]:
    """Each of the codes (separated by spaces) on each of the objects (separated by commas)."""
    return frozenset((code, name.strip()) for name in objects.split(",") for code in codes.split())


def rewritten(file: str, old: str, new: str) -> Edit:
    """An edit of a file of the project."""
    return lambda project, known: replace_in(project / file, old, new)


# --- what is in the catalogue of a file, beside its rows

CATALOGUE = "column name, comment, enum type, constant"
CONSTANT = "select 'none' as segment"


def _described_column(project: Path, known: Known) -> None:
    properties = declare(project, "zoo_comment", CONSTANT, {"segment": "varchar"})
    replace_in(properties, "A column.", f"As of {known.email}.")


def _described_relation(project: Path, known: Known) -> None:
    declare(project, "zoo_described", CONSTANT, {"segment": "varchar"}, description=f"Asked for by {known.email}.")


def _column_name(project: Path, known: Known) -> None:
    declare(project, "zoo_named", f"""select 1 as "{known.email}" """, {known.email: "integer"})


def _enum(project: Path, known: Known) -> None:
    labels = f"enum('none', '{known.email}')"
    declare(project, "zoo_enum", f"select cast('none' as {labels}) as segment", {"segment": labels})


def _field_name(project: Path, known: Known) -> None:
    sql = f"""select {{'{known.email}': 1}} as segment"""
    declare(project, "zoo_field", sql, {"segment": f'struct("{known.email}" integer)'})


def _constant(project: Path, known: Known) -> None:
    products = '{{ ref("protected_analytics__products") }}'
    sql = f"select count(*) as products from {products} where name = '{known.email}'"
    declare(project, "zoo_constant", sql, {"products": "bigint"}, schema="marts")


# --- who is one of few

RARE = "rare category"
OUTLIER = "outlier amount"
MACROS = "macros/privacy"
ATTRIBUTES = "models/vault/persons/customer_attributes.sql"
CUSTOMERS = "analytics.protected.customers, analytics.marts.customers"
MEMBERS = "marketing.protected.audience_members, marketing.marts.audience_members"


def _lowered_k(project: Path, known: Known) -> None:
    replace_in(project / "models/protected/analytics/protected_analytics__customers.sql", 'k=setting("k")', "k=1")


def _without_ladder(project: Path, known: Known) -> None:
    path = project / "models/protected/marketing/protected_marketing__audience_members.sql"
    path.write_text("select * from {{ ref('audience_profiles') }}\n", encoding="utf-8")


def _two_ladders(project: Path, known: Known) -> None:
    ladder = (
        """{{{{ k_anonymous(ref("customer_attributes"), ["{}"], others=["person_pseudonym"], k=setting("k")) }}}}"""
    )
    sql = f"""
select decades.person_pseudonym, decades.birth_decade, regions.region
from {ladder.format("birth_decade")} as decades
inner join {ladder.format("region")} as regions on decades.person_pseudonym = regions.person_pseudonym
"""
    metas = {"birth_decade": {"treatment": "birth_decade"}, "region": {"treatment": "postal_area"}}
    types = {PERSON: "uuid", "birth_decade": "integer", "region": "varchar"}
    declare(project, "zoo_two_ladders", sql, types, metas=metas)


def _undeclared_treatment(project: Path, known: Known) -> None:
    """The column stays as it is, and k-anonymity is no longer counted by it."""
    for file in ("protected/analytics/_analytics__protected.yml", "marts/analytics/_analytics__marts.yml"):
        replace_in(project / "models" / file, ", config: {meta: {treatment: language}}", "")


def _outlier(project: Path, known: Known) -> None:
    """Every fiftieth purchase costs ten thousand times as much, and the treatment is gone."""
    path = project / "models/vault/sales/sales_by_line.sql"
    costly = "case when purchase_lines.purchase_number % 50 = 0 then 10000 else 1 end"
    replace_in(
        path,
        "    purchase_lines.net_amount\nfrom",
        f"    cast(purchase_lines.net_amount * {costly} as decimal(18, 2)) as net_amount\nfrom",
    )
    path = project / MACROS / "is_of_one_person.sql"
    path.write_text("{% macro is_of_one_person(largest, total) -%} false {%- endmacro %}\n", encoding="utf-8")


# --- what nobody declared, and what is empty

AUDIENCE = "a person whom nobody may show"
OUTSIDE = "a relation outside the checks"
NOTHING = "a check switched off or examining nothing"


def _other_schema(project: Path, known: Known) -> None:
    sql = """{{ config(schema="scratch", alias="zoo_scratch") }} select 1 as segments"""
    declare(project, "zoo_scratch", sql, {"segments": "integer"}, publication="marketing", has_suite=False)
    _suite(project, "marketing.scratch.zoo_scratch", 800)


def _in_main(project: Path, known: Known) -> None:
    sql = """{{ config(schema="main", alias="zoo_main", materialized="view") }} select 1 as segments"""
    declare(project, "zoo_main", sql, {"segments": "integer"}, publication="finance", has_suite=False)
    _suite(project, "finance.main.zoo_main", 801)


def _suite(project: Path, relation: str, number: int) -> None:
    path = (project / "expectations").joinpath(*relation.split(".")).with_suffix(".yml")
    path.parent.mkdir(exist_ok=True)
    path.write_text(
        f"relation: {relation}\nneeds: [customers]\nexpectations:\n"
        f"  - expect_column_to_exist: {{column: segments}}\n    code: ZOO-{number}\n    because: It is there.\n",
        encoding="utf-8",
    )


def _seed(project: Path, known: Known) -> None:
    (project / "seeds" / "zoo_seed.csv").write_text("segment\nA\n", encoding="utf-8")
    (project / "seeds" / "_zoo_seed.yml").write_text(
        "version: 2\nseeds:\n  - name: zoo_seed\n    config: {database: insights, schema: marts}\n", encoding="utf-8"
    )


def _where_false(project: Path, known: Known) -> None:
    declare(project, "zoo_nothing", "select 'none' as segment where false", {"segment": "varchar"})


def _empty_mart(project: Path, known: Known) -> None:
    path = project / "models/protected/analytics/protected_analytics__returns.sql"
    replace_in(path, "where visible_until > {{ today() }}", "where visible_until > {{ today() }} and false")


# --- what a run writes beside the candidates

SECRET = "secret in SQL, log or metadata"
PAD = "run_query(\"select hex(getvariable('analytics_inner_pad'))\")"


def _secret_in_sql(project: Path, known: Known) -> None:
    sql = "select '{% if execute %}{{ " + PAD + ".rows[0][0] }}{% endif %}' as segment"
    declare(project, "zoo_secret", sql, {"segment": "varchar"})


def _secret_in_log(project: Path, known: Known) -> None:
    sql = "{% if execute %}{% do log(" + PAD + ".rows[0][0], info=true) %}{% endif %} " + CONSTANT
    declare(project, "zoo_log", sql, {"segment": "varchar"})


def _secret_in_comment(project: Path, known: Known) -> None:
    description = f"Keyed by {known.secret}."
    declare(project, "zoo_key", CONSTANT, {"segment": "varchar"}, publication="finance", description=description)


TOLD = "values in test results, Data Docs, error messages, file names"


def _value_in_suite(project: Path, known: Known) -> None:
    rule = {
        "expect_column_values_to_not_be_in_set": {"column": "segment", "value_set": [known.email]},
        "code": "ZOO-900",
        "because": "Nobody is shown.",
    }
    declare(project, "zoo_suite", CONSTANT, {"segment": "varchar"}, rules=[rule])


def _file_name(project: Path, known: Known) -> None:
    sql = (
        "{% if execute %}{% do run_query(\"copy (select 1) to '\" ~ env_var('BIGTRUST_WAREHOUSE') ~ \"/"
        + known.email
        + ".csv'\") %}{% endif %} "
        + CONSTANT
    )
    declare(project, "zoo_file", sql, {"segment": "varchar"})


def _file_anywhere(project: Path, known: Known) -> None:
    sql = "{% if execute %}{% do run_query('copy (select 1) to \\'/dev/null\\' (format csv)') %}{% endif %} " + CONSTANT
    declare(project, "zoo_copy", sql, {"segment": "varchar"})


def _macro_of_dbt(project: Path, known: Known) -> None:
    text = "{% macro get_incremental_delete_insert_sql(arguments) %}{{ arguments }}{% endmacro %}\n"
    (project / "macros" / "engine" / "get_incremental_delete_insert_sql.sql").write_text(text, encoding="utf-8")


FOUND = [
    Patch(
        "mart that goes on showing what expires",
        AUDIENCE,
        rewritten("models/marts/analytics/analytics__purchases.sql", "\nwhere visible_until > {{ today() }}", ""),
        on("analytics.marts.purchases", "RET-02"),
    ),
    Patch(
        "address in the comment of a column",
        CATALOGUE,
        _described_column,
        on("analytics.protected.zoo_comment", "RAW-01 PAT-01"),
    ),
    Patch(
        "address in the description of a relation",
        CATALOGUE,
        _described_relation,
        on("analytics.protected.zoo_described", "RAW-01 PAT-01"),
    ),
    Patch("address as the name of a column", CATALOGUE, _column_name, on("analytics.protected.zoo_named", "RAW-01")),
    Patch("address as a label of an enum", CATALOGUE, _enum, on("analytics.protected.zoo_enum", "RAW-01 PAT-01")),
    Patch(
        "address as the name of a field", CATALOGUE, _field_name, on("analytics.protected.zoo_field", "RAW-01 PAT-01")
    ),
    Patch(
        "address as a constant in the SQL of a view", CATALOGUE, _constant, on("analytics.marts.zoo_constant", "RAW-01")
    ),
    Patch("k lowered where the ladder is used", RARE, _lowered_k, on(CUSTOMERS, "KAN-01")),
    Patch("attributes without the ladder", RARE, _without_ladder, on(MEMBERS, "KAN-01")),
    Patch(
        "a ladder for each attribute, but not for both",
        RARE,
        _two_ladders,
        on("analytics.protected.zoo_two_ladders", "KAN-01"),
    ),
    Patch(
        "attribute whose treatment is no longer declared",
        NOTHING,
        _undeclared_treatment,
        on(CUSTOMERS, "FLW-06"),
        "language says something of a person (language), and does not say which treatment",
    ),
    Patch(
        "purchase that makes nearly all of a cell",
        OUTLIER,
        _outlier,
        on("insights.protected.sales_by_category_month, insights.marts.sales_by_category_month", "CEL-03"),
    ),
    Patch("table in another schema", OUTSIDE, _other_schema, on("marketing", "OBJ-01")),
    Patch("view in the schema main", OUTSIDE, _in_main, on("finance", "OBJ-01")),
    Patch("seed in a publication", OUTSIDE, _seed, on("insights", "OBJ-01")),
    Patch("table without a row", NOTHING, _where_false, on("analytics.protected.zoo_nothing", "ROW-01")),
    Patch(
        "mart that shows nothing, although landing had rows",
        NOTHING,
        _empty_mart,
        on("analytics.protected.returns, analytics.marts.returns", "ROW-01"),
    ),
    Patch(
        "key as a constant in SQL",
        SECRET,
        _secret_in_sql,
        on("dbt target, candidate analytics", "ART-02") | on("hooks", "FLW-05"),
        "zoo_secret calls run_query",
    ),
    Patch(
        "key in the log", SECRET, _secret_in_log, on("dbt logs", "ART-02") | on("hooks", "FLW-05"), "zoo_log calls log"
    ),
    Patch("secret in a description", SECRET, _secret_in_comment, on("dbt target, candidate finance", "ART-02")),
    Patch("address in a suite, and so on its page", TOLD, _value_in_suite, on("Data Docs", "ART-01")),
    Patch("address as the name of a file", TOLD, _file_name, on("other files of the warehouse", "ART-01")),
    Patch(
        "file that a model writes anywhere",
        TOLD,
        _file_anywhere,
        on("hooks", "FLW-05"),
        "protected_analytics__zoo_copy calls run_query",
    ),
]

# --- treatments that treat too little: k is 1, or those whom they show would give it up

WEAK = "a treatment that treats too little"


def _year_for_decade(project: Path, known: Known) -> None:
    replace_in(
        project / MACROS / "birth_decade.sql",
        "floor(extract(year from {{ birth_date }}) / 10) * 10",
        "extract(year from {{ birth_date }})",
    )


def _day_for_month(project: Path, known: Known) -> None:
    replace_in(project / MACROS / "month.sql", "date_trunc('month', {{ moment }})", "{{ moment }}")


def _postal_code_for_region(project: Path, known: Known) -> None:
    replace_in(
        project / ATTRIBUTES, "coalesce(regions.region, 'unknown')", "coalesce(kept_customers.postal_code, 'unknown')"
    )


def _town_for_region(project: Path, known: Known) -> None:
    kept = project / "models/vault/kept/kept_customers.sql"
    replace_in(kept, "    stg_customers.country,\n", "    stg_customers.country,\n    stg_customers.city,\n")
    path = project / "models/vault/persons/audience_attributes.sql"
    replace_in(path, "coalesce(regions.region, 'unknown')", "coalesce(kept_customers.city, 'unknown')")


def _text_for_country(project: Path, known: Known) -> None:
    path = project / MACROS / "country.sql"
    path.write_text(
        "{% macro country(column) -%} upper({{ column }} || ' (as landed)') {%- endmacro %}\n", encoding="utf-8"
    )


def _unkeyed(project: Path, known: Known) -> None:
    path = project / MACROS / "issue_pseudonym.sql"
    replace_in(
        path,
        "    cast(\n        left(\n",
        "    {%- if domain == 'analytics' -%}\n"
        "    cast(left(sha256(encode('{{ kind }}:' || {{ identifier }})), 32) as uuid)\n"
        "    {%- else -%}\n    cast(\n        left(\n",
    )
    replace_in(path, "    )\n{%- endmacro %}", "    )\n    {%- endif -%}\n{%- endmacro %}")


def _any_code(project: Path, known: Known) -> None:
    path = project / MACROS / "code.sql"
    path.write_text("{% macro code(column, codes) -%} 'landed: ' || {{ column }} {%- endmacro %}\n", encoding="utf-8")


def _quoting_expectation(project: Path, known: Known) -> None:
    source = (project / "expectations" / "expect_table_to_hold_rows.py").read_text(encoding="utf-8")
    source = source.replace("ExpectTableToHoldRows", "ExpectTableToQuoteRows")
    source = source.replace("return Counts(rows)", f"return Counts(rows, 1, {{'segment': '{known.email}'}})")
    source = source.replace("return counts.examined > 0", "return False")
    (project / "expectations" / "expect_table_to_quote_rows.py").write_text(source, encoding="utf-8")
    rule = {"expect_table_to_quote_rows": {}, "code": "ZOO-901", "because": "It is there."}
    declare(project, "zoo_quoted", CONSTANT, {"segment": "varchar"}, rules=[rule])


FOUND_WITH_K_1 = [
    Patch(
        "macro in the place of one of dbt's",
        OUTSIDE,
        _macro_of_dbt,
        on("hooks", "FLW-05"),
        "get_incremental_delete_insert_sql the macro takes the place of one of dbt's",
    ),
    Patch(
        "year of birth for its decade",
        WEAK,
        _year_for_decade,
        on("analytics.protected.customers.birth_decade, analytics.marts.customers.birth_decade", "CUS-03"),
    ),
    Patch(
        "day for the month",
        WEAK,
        _day_for_month,
        on("analytics.marts.customers.customer_since_month", "CUS-07")
        | on("insights.marts.sales_by_category_month.sold_month", "SCM-02")
        | on("insights.marts.sales_by_region_month.sold_month", "SRM-02"),
    ),
    Patch(
        "postal code for the region",
        WEAK,
        _postal_code_for_region,
        on("analytics.marts.customers.region", "CUS-04") | on(CUSTOMERS, "FLW-02"),
    ),
    Patch(
        "town for the region",
        WEAK,
        _town_for_region,
        on("marketing.marts.audience_members.region", "CUS-04") | on(MEMBERS, "FLW-02"),
    ),
    Patch("any text for a country", WEAK, _text_for_country, on("analytics.marts.customers.country", "CUS-05")),
    Patch(
        "any text for a code",
        WEAK,
        _any_code,
        on("analytics.marts.purchases.channel", "PUR-03")
        | on("analytics.marts.returns.reason", "RTN-02")
        | on("analytics.marts.touchpoints.channel", "TOU-03"),
    ),
    Patch(
        "pseudonyms without a key", WEAK, _unkeyed, on("analytics.marts.customers, analytics.marts.purchases", "PSE-02")
    ),
    Patch("an expectation that quotes values", TOLD, _quoting_expectation, on("Data Docs", "ART-01")),
]
