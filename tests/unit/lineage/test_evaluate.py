"""Queries that leak, and queries that do not, by what flows where."""

import pytest
import sqlglot
from sqlglot import exp
from sqlglot.optimizer.qualify import qualify

from bigtrust.lineage import treatments
from bigtrust.lineage.evaluate import Relation, Unresolved, evaluate
from bigtrust.lineage.taint import CONSTANT, Flow, Taint

CUSTOMERS = {
    "customer_id": "direct_identifier",
    "last_name": "direct_identifier",
    "email": "direct_identifier",
    "birth_date": "quasi_identifier",
    "postal_code": "quasi_identifier",
    "created_at": "quasi_identifier",
    "note": "free_text",
    "row_number": "position",
    "language": "attribute",
}
PURCHASES = {
    "purchase_id": "direct_identifier",
    "customer_id": "direct_identifier",
    "purchased_at": "quasi_identifier",
    "product_id": "key",
    "quantity": "attribute",
}
TREATMENTS = """
    select
        nullif(trim(the_text), '') as read_text,
        cast(left(sha256(getvariable('inner_pad') || encode('person:' || the_identifier)), 32) as uuid) as pseudonym,
        case when the_date < date '2100-01-01' then floor(extract(year from the_date) / 10) * 10 end as decade,
        left(the_text, 2) as area,
        cast(timezone('UTC', the_time) as date) as day
    from stand_ins
"""
META = {
    "read_text": {"turns": [], "into": None},
    "pseudonym": {"turns": ["direct_identifier"], "into": "pseudonym"},
    "decade": {"turns": ["quasi_identifier"], "into": "generalised", "of": ["customers.birth_date"]},
    "area": {"turns": ["quasi_identifier"], "into": "generalised", "of": ["customers.postal_code"]},
    "day": {"turns": ["quasi_identifier"], "into": "generalised", "of": ["purchases.purchased_at"], "orders": True},
}
LANDING = frozenset(
    {*(f"customers.{name}" for name in CUSTOMERS), *(f"purchases.{name}" for name in PURCHASES)},
)
PSEUDONYM = "cast(left(sha256(getvariable('inner_pad') || encode('person:' || {})), 32) as uuid)"


def relation(table: str, classes: dict[str, str]) -> Relation:
    """A landing table."""
    return Relation(
        {
            name: Taint(
                frozenset({Flow(f"{table}.{name}", identifier_class)}), None if identifier_class == "position" else name
            )
            for name, identifier_class in classes.items()
        }
    )


RELATIONS = {
    "vault.landing.customers": relation("customers", CUSTOMERS),
    "vault.landing.purchases": relation("purchases", PURCHASES),
    "vault.policy.regions": Relation({"area": CONSTANT, "region": CONSTANT}),
}
SCHEMA = {
    "vault": {
        "landing": {"customers": dict.fromkeys(CUSTOMERS, "unknown"), "purchases": dict.fromkeys(PURCHASES, "unknown")},
        "policy": {"regions": {"area": "unknown", "region": "unknown"}},
    }
}


def registered() -> treatments.Treatments:
    """The treatments of these tests."""
    schema = {"stand_ins": dict.fromkeys(treatments.STAND_INS, "unknown")}
    select = qualify(sqlglot.parse_one(TREATMENTS, dialect="duckdb"), dialect="duckdb", schema=schema)
    assert isinstance(select, exp.Select)
    return treatments.read(select, META, LANDING)


def taints(sql: str) -> Relation:
    """What flows into what a query gives. `customers` and `purchases` are landing tables, `regions` a policy table."""
    for name, full in (("customers", "vault.landing.customers"), ("purchases", "vault.landing.purchases")):
        sql = sql.replace(f"from {name}", f"from {full} as {name}").replace(f"join {name}", f"join {full} as {name}")
    sql = sql.replace("join regions", "join vault.policy.regions as regions")
    query = qualify(
        sqlglot.parse_one(sql, dialect="duckdb"),
        dialect="duckdb",
        schema=SCHEMA,
        quote_identifiers=False,
        identify=False,
    )
    return evaluate(query, RELATIONS, registered())


# Each with what flows into the column `x`, or into which rows there are.
LEAKS = {
    "plain copy": ("select email as x from customers", "customers.email"),
    "case": ("select upper(email) as x from customers", "customers.email"),
    "accents": ("select strip_accents(last_name) as x from customers", "customers.last_name"),
    "reversed": ("select reverse(email) as x from customers", "customers.email"),
    "base64": ("select to_base64(encode(email)) as x from customers", "customers.email"),
    "hexadecimal": ("select hex(email) as x from customers", "customers.email"),
    "encoded for an address": ("select url_encode(email) as x from customers", "customers.email"),
    "rot13": ("select translate(email, 'abc', 'nop') as x from customers", "customers.email"),
    "unkeyed hash": ("select sha256(customer_id) as x from customers", "customers.customer_id"),
    "md5": ("select md5(email) as x from customers", "customers.email"),
    "engine's hash": ("select hash(customer_id) as x from customers", "customers.customer_id"),
    "other key": (
        "select cast(left(sha256('key' || encode('person:' || customer_id)), 32) as uuid) as x from customers",
        "customers.customer_id",
    ),
    "pseudonym of a part": (f"select {PSEUDONYM.format('left(customer_id, 4)')} as x from customers", "customer_id"),
    "number": ("select cast(customer_id as bigint) as x from customers", "customers.customer_id"),
    "list": ("select [email, language] as x from customers", "customers.email"),
    "struct": ("select {'a': language, 'b': email} as x from customers", "customers.email"),
    "map": ("select map {'a': email} as x from customers", "customers.email"),
    "json": ("select to_json({'a': email}) as x from customers", "customers.email"),
    "aggregated list": ("select list(email) as x from customers group by language", "customers.email"),
    "string of many": ("select string_agg(email, ',') as x from customers", "customers.email"),
    "concatenated": ("select language || '-' || last_name as x from customers", "customers.last_name"),
    "half of it": ("select split_part(email, '@', 1) as x from customers", "customers.email"),
    "first letter": ("select left(last_name, 1) as x from customers", "customers.last_name"),
    "length": ("select length(last_name) as x from customers", "customers.last_name"),
    "flag by content": ("select email like '%@example.org' as x from customers", "customers.email"),
    "case by content": ("select case when last_name > 'M' then 1 else 2 end as x from customers", "last_name"),
    "coalesced": ("select coalesce(email, 'none') as x from customers", "customers.email"),
    "least": ("select least(email, 'z') as x from customers", "customers.email"),
    "minimum": ("select min(email) as x from customers", "customers.email"),
    "count by content": ("select count(*) filter (where last_name < 'M') as x from customers", "last_name"),
    "count of parts": ("select count(distinct left(last_name, 1)) as x from customers", "last_name"),
    "window order": ("select row_number() over (order by customer_id) as x from customers", "customer_id"),
    "rank within": ("select rank() over (partition by language order by last_name) as x from customers", "last_name"),
    "window by part": ("select count(*) over (partition by left(last_name, 1)) as x from customers", "last_name"),
    "first by order": ("select arg_min(language, last_name) as x from customers", "last_name"),
    "filter": ("select language as x from customers where last_name < 'M'", "rows customers.last_name"),
    "filter on a constant": ("select language as x from customers where email = 'a@b.fr'", "rows customers.email"),
    "filter on a hidden constant": (
        "select language as x from customers where last_name = case when false then last_name else 'Martin' end",
        "rows customers.last_name",
    ),
    "in a list": ("select language as x from customers where last_name in ('Martin')", "rows customers.last_name"),
    "other identifier": ("select language as x from customers where email = last_name", "rows customers.email"),
    "exists": (
        "select product_id as x from purchases where exists (select 1 from customers where last_name < 'M')",
        "rows customers.last_name",
    ),
    "join": (
        "select product_id as x from purchases join customers on left(customers.last_name, 1) = purchases.product_id",
        "rows customers.last_name",
    ),
    "semi join": (
        "select product_id as x from purchases semi join customers on customers.email = purchases.product_id",
        "rows customers.email",
    ),
    "having": ("select language as x from customers group by language having min(email) < 'm'", "rows email"),
    "qualify": (
        "select language as x from customers qualify row_number() over (order by email) < 100",
        "rows customers.email",
    ),
    "group": ("select count(*) as x from customers group by left(last_name, 1)", "rows customers.last_name"),
    "group by all": ("select count(*) as x, left(last_name, 1) as y from customers group by all", "rows last_name"),
    "distinct": ("select distinct language as x, left(last_name, 1) as y from customers", "rows customers.last_name"),
    "limit by order": ("select language as x from customers order by last_name limit 10", "rows customers.last_name"),
    "order": ("select language as x from customers order by email", "rows customers.email"),
    "union that drops": (
        "select left(last_name, 1) as x from customers union select language from customers",
        "rows customers.last_name",
    ),
    "through a subquery": ("select (select max(email) from customers) as x from purchases", "customers.email"),
    "through a common table": ("with a as (select reverse(email) as b from customers) select b as x from a", "email"),
    "recursion": (
        "with recursive a as (select email as b from customers union all select substr(b, 2) from a where b <> '')"
        " select b as x from a",
        "customers.email",
    ),
    "filter before a count": (
        "with a as (select * from customers where last_name < 'M') select count(*) as x from a",
        "rows customers.last_name",
    ),
    "free text": ("select note as x from customers", "customers.note"),
    "word of a free text": ("select contains(note, 'divorce') as x from customers", "customers.note"),
    "secret": ("select getvariable('inner_pad') as x from customers", "the session"),
    "place in the delivery": ("select row_number as x from customers", "customers.row_number"),
    "order of the delivery": ("select row_number() over (order by row_number) as x from customers", "row_number"),
    "date of birth": ("select birth_date as x from customers", "customers.birth_date"),
    "year of birth": ("select extract(year from birth_date) as x from customers", "customers.birth_date"),
    "coded year of birth": (
        "select case when birth_date < '1980-01-01' then 'a' end as x from customers",
        "birth_date",
    ),
    "decade of something else": (
        "select case when created_at < date '2100-01-01' then floor(extract(year from created_at) / 10) * 10 end as x"
        " from customers",
        "customers.created_at",
    ),
    "another decade": (
        "select case when birth_date < date '2100-01-01' then floor(extract(year from birth_date) / 5) * 5 end as x"
        " from customers",
        "customers.birth_date",
    ),
    "decade of two columns": (
        "select case when birth_date < date '2100-01-01' then floor(extract(year from created_at) / 10) * 10 end as x"
        " from customers",
        "customers.created_at",
    ),
    "whole postal code": ("select postal_code as x from customers", "customers.postal_code"),
    "three digits": ("select left(postal_code, 3) as x from customers", "customers.postal_code"),
    "day of a birth": ("select cast(timezone('UTC', birth_date) as date) as x from customers", "customers.birth_date"),
    "time of a purchase": ("select purchased_at as x from purchases", "purchases.purchased_at"),
    "hour of a purchase": ("select extract(hour from purchased_at) as x from purchases", "purchases.purchased_at"),
    "look-up by an untreated value": (
        "select region as x from customers left join regions on customers.postal_code = regions.area",
        "customers.postal_code",
    ),
    "birth before account": ("select birth_date < created_at as x from customers", "customers.birth_date"),
}


@pytest.mark.parametrize("name", LEAKS)
def test_a_leak_taints_what_it_flows_into(name: str) -> None:
    sql, flow = LEAKS[name]
    found = taints(sql)
    column = flow.removeprefix("rows ").split(".")[-1]
    taint = found.rows if flow.startswith("rows ") else found.columns["x"]
    bad = {
        told.column.split(".")[-1]
        for told in taint.flows
        if told.identifier_class in ("secret", "direct_identifier", "free_text", "position", "quasi_identifier")
    }
    assert column in bad, found


# Each with the classes that flow into the column `x`; no row tells of anybody.
SAFE = {
    "pseudonym": (f"select {PSEUDONYM.format('customer_id')} as x from customers", {"pseudonym"}),
    "pseudonym of what was read": (
        "with a as (select nullif(trim(customer_id), '') as b from customers)"
        f" select {PSEUDONYM.format('b')} as x from a",
        {"pseudonym"},
    ),
    "decade": (
        "select case when birth_date < date '2100-01-01' then floor(extract(year from birth_date) / 10) * 10 end as x"
        " from customers",
        {"generalised"},
    ),
    "area": ("select left(postal_code, 2) as x from customers", {"generalised"}),
    "region": (
        "select region as x from customers left join regions on left(customers.postal_code, 2) = regions.area",
        {"generalised"},
    ),
    "day": ("select cast(timezone('UTC', purchased_at) as date) as x from purchases", {"generalised"}),
    "which came first": (
        "select a.purchased_at < b.purchased_at as x from purchases as a inner join purchases as b"
        " on a.customer_id = b.customer_id".replace("from purchases as a", "from vault.landing.purchases as a").replace(
            "join purchases as b", "join vault.landing.purchases as b"
        ),
        {"generalised"},
    ),
    "how many persons": ("select count(distinct customer_id) as x from purchases", set()),
    "how many rows": ("select count(*) as x from purchases group by customer_id", set()),
    "is it there": ("select email is not null as x from customers", set()),
    "joined by the person": (
        "select product_id as x from purchases join customers on customers.customer_id = purchases.customer_id",
        {"key"},
    ),
    "of persons that exist": (
        "select quantity as x from purchases where customer_id in (select customer_id from customers)",
        {"attribute"},
    ),
    "of pairs that exist": (
        "select quantity as x from purchases where (purchase_id, customer_id) in"
        " (select (purchase_id, customer_id) from purchases)",
        {"attribute"},
    ),
    "per person": ("select sum(quantity) as x from purchases group by customer_id", {"attribute"}),
    "window per person": ("select sum(quantity) over (partition by customer_id) as x from purchases", {"attribute"}),
    "filter on a time": ("select quantity as x from purchases where purchased_at > '2020-01-01'", {"attribute"}),
    "the later one": (
        "select quantity as x from purchases"
        " qualify row_number() over (partition by customer_id order by purchased_at desc) = 1",
        {"attribute"},
    ),
    "another part of a struct": (
        "with a as (select {'a': quantity, 'b': customer_id} as s from purchases) select s.a as x from a",
        {"attribute"},
    ),
    "from a list and back": (
        "with a as (select list({'a': quantity, 'b': customer_id}) as s from purchases),"
        " b as (select unnest(s) as t from a) select b.t.a as x from b",
        {"attribute"},
    ),
    "a digest, compared": (
        "with a as (select hash(email) as state from customers), b as (select hash(email) as state from customers)"
        " select 1 as x from a where a.state not in (select state from b)",
        set(),
    ),
    "recursion": (
        "with recursive a as (select product_id as b from purchases union select b from a) select b as x from a",
        {"key"},
    ),
    "values": ("select v.b as x from (values (1), (2)) as v(b)", set()),
}


@pytest.mark.parametrize("name", SAFE)
def test_what_does_not_leak_is_not_tainted(name: str) -> None:
    sql, classes = SAFE[name]
    found = taints(sql)
    assert found.columns["x"].classes == classes
    assert not found.rows.flows


def test_a_flow_says_which_treatments_it_went_through() -> None:
    found = taints("select left(postal_code, 2) as x from customers")
    assert found.columns["x"].flows == {Flow("customers.postal_code", "generalised", ("area",))}


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("select my_function(email) as x from customers", "my_function"),
        ("select x from read_csv('/etc/passwd') as a(x)", "read_csv|ReadCSV|table function"),
        ("select a.x as x from some.other.relation as a", "some.other.relation"),
        ("select x from generate_series(1, 2) as a(x)", "."),
    ],
)
def test_what_cannot_be_followed_is_told_by_name(sql: str, what: str) -> None:
    with pytest.raises(Unresolved, match=what):
        taints(sql)
