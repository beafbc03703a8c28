"""Hashes without a secret are found, whatever hides them; pseudonyms and other hashes are none."""

import base64
import hashlib
import hmac
import uuid

import duckdb
import pytest
from gx_shop import CANARY, RAW_COLUMNS, UNAVAILABLE, Shop

from bigtrust.gx.raw_values import RawColumn
from bigtrust.gx.suites import Rule, Suite
from bigtrust.verdicts import CheckResult

UNKEYED = "expect_table_to_hold_no_unkeyed_hash"
PURCHASES = RawColumn("vault.staging.base_purchases", "purchase_id", "purchase number")


def md5(text: str) -> bytes:
    return hashlib.md5(text.encode(), usedforsecurity=False).digest()


def sha1(text: str) -> bytes:
    return hashlib.sha1(text.encode(), usedforsecurity=False).digest()


def sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


@pytest.fixture
def hashed(shop: Shop) -> Shop:
    """The shop with maps of the vault: pseudonyms are those of a key that nobody knows."""
    with duckdb.connect(str(shop.vault)) as connection:
        connection.execute("""
            create schema restricted;
            create table restricted.person_pseudonyms as
            select customer_id, sha256('key' || customer_id)[:32]::uuid as person_pseudonym
            from staging.base_customers;
            create table restricted.purchase_pseudonyms as
            select 'P-' || number as purchase_id, sha256('key' || number)[:32]::uuid as purchase_pseudonym
            from range(1000) as purchases (number);
            create table staging.base_purchases as select 'P-' || number as purchase_id from range(3) as p (number);""")
    return shop


def judge(shop: Shop, sql: str, *needs: str, **options: object) -> CheckResult:
    """The verdict on a relation that has, if it has pseudonyms of persons, the rule that names their map."""
    shop.publish(f"create or replace table marts.mart as {sql}")
    issued = {"column": "person_pseudonym", "issued_in": "person_pseudonyms"}
    rules = (
        Rule("TST-01", UNKEYED, {}, "A test.", needs),
        Rule("TST-02", "expect_column_values_to_be_pseudonyms", issued, "A test.", needs),
    )
    suite = Suite("analytics.marts.mart", rules)
    options = {"raw_columns": [*RAW_COLUMNS, PURCHASES], **options}
    return shop.judge([suite], unavailable=UNAVAILABLE, **options).results[0]


LEAKS = {
    "MD5 of the customer number as a UUID": f"'{md5('2').hex()}'::uuid",
    "SHA-256 of the message that is signed, cut to 128 bits": f"'{sha256('person:2').hex()[:32]}'::uuid",
    "SHA-1 as a UUID": f"'{sha1('customer:2').hex()[:32]}'::uuid",
    "HMAC with an empty key": f"'{hmac.new(b'', b'person:2', 'sha256').hexdigest()[:32]}'::uuid",
    "UUID version 3": f"'{uuid.uuid3(uuid.NAMESPACE_OID, '2')}'::uuid",
    "UUID version 5": f"'{uuid.uuid5(uuid.NAMESPACE_DNS, CANARY)}'::uuid",
    "UUID that looks random": f"'{uuid.UUID(bytes=sha256('2')[:16], version=4)}'::uuid",
    "MD5 of the e-mail address": f"'{md5(CANARY).hex()}'",
    "SHA-256 of the e-mail address in upper case": f"'{sha256(CANARY.upper()).hex().upper()}'",
    "SHA-1 of a name after the domain": f"'{sha1('marketing:Jean Dupont').hex()}'",
    "UUID within a text": f"'seg {uuid.uuid5(uuid.NAMESPACE_URL, CANARY)}!'",
    "half of a digest": f"'{sha256(CANARY).hex()[:16]}'",
    "digest within a text": f"'u={sha256('06 12 34 56 78').hex()}&x'",
    "digest in JSON": f"{{'who': '{md5(CANARY).hex()}'}}::json",
    "digest in a list": f"['x', '{md5(CANARY).hex()}']",
    "MD5 in base64": f"'{base64.b64encode(md5(CANARY)).decode()}'",
    "SHA-1 in base64": f"'{base64.b64encode(sha1(CANARY)).decode()}'",
    "SHA-256 in base64 of web addresses": f"'{base64.urlsafe_b64encode(sha256(CANARY)).decode().rstrip('=')}'",
    "number of a purchase": f"'{sha256('purchase:P-1').hex()}'",
    "hash of the engine": "hash('2')",
    "hash of the engine of a number": "hash(2::bigint)::decimal(38, 0)",
    "half of MD5 as a number": "md5_number_lower('2')",
    "MD5 as a number": "md5_number('2')",
}
HARMLESS = {
    "a pseudonym": "sha256('key2')[:32]::uuid",
    "a digest with a key": f"'{hmac.new(b'key', b'person:2', 'sha256').hexdigest()}'",
    "a digest of a product": f"'{sha256('Pain Marie').hex()}'",
    "numbers": "12345678901234::bigint",
    "words": "'électroménager-reconditionné 550e8400-e29b-41d4-a716-446655440000'",
}


@pytest.mark.parametrize("leak", LEAKS)
def test_a_hash_without_a_secret_is_found(hashed: Shop, leak: str) -> None:
    result = judge(hashed, f"select {LEAKS[leak]} as segment, 'x' as other")
    assert (result.verdict, result.violations, result.examined) == ("failed", 1, 2)
    assert "(segment: 1)" in result.reason


@pytest.mark.parametrize("value", HARMLESS)
def test_what_needs_a_secret_or_is_of_no_person_passes(hashed: Shop, value: str) -> None:
    result = judge(hashed, f"select {HARMLESS[value]} as segment")
    assert (result.verdict, result.violations, result.examined) == ("passed", 0, 1)


def test_the_persons_of_a_relation_are_in_the_sample(hashed: Shop) -> None:
    """Of ten thousand customers, a relation that holds three of them and their hashes."""
    with duckdb.connect(str(hashed.vault)) as connection:
        connection.execute("""
            insert into staging.base_customers by name
            select (1000 + number)::varchar as customer_id, 'user' || number || '@example.com' as email
            from range(10000) as persons (number);
            create or replace table restricted.person_pseudonyms as
            select customer_id, sha256('key' || customer_id)[:32]::uuid as person_pseudonym
            from staging.base_customers""")
    sql = """
        select
            sha256('key' || customer)[:32]::uuid as person_pseudonym,
            sha256('user' || customer - 1000 || '@example.com') as segment
        from (select unnest([7001, 8002, 9003]) as customer)"""
    result = judge(hashed, sql)
    assert (result.verdict, result.violations) == ("failed", 3)


def test_nothing_examined_fails_unless_there_was_nothing(hashed: Shop) -> None:
    empty = "select 'x' as segment limit 0"
    assert judge(hashed, empty).reason == "examined nothing"
    assert judge(hashed, empty, "returns").verdict == "not applicable"


def test_a_search_for_nothing_fails(shop: Shop) -> None:
    result = judge(shop, "select 'x' as segment", raw_columns=[])
    assert (result.verdict, result.reason) == ("failed", "examined nothing")
