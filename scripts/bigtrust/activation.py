"""The one controlled way back from pseudonyms to addresses.

What decides is built anew from landing and register, in a folder of its own that is removed afterwards: consent and
requests count as of now, not as of the last run. The file holds the columns that the recipient may receive, and
nothing else; that it was written is recorded before it takes its name.
"""

import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from bigtrust import disclosures, evidence, lock, recipients, records, register, sql
from bigtrust.build import Dbt
from bigtrust.disclosures import Disclosure
from bigtrust.errors import ConfigurationError
from bigtrust.files import emptied, private_folder, sync_folder, write_durably
from bigtrust.recipients import Recipient
from bigtrust.sampled import Reporter
from bigtrust.settings import Settings

_CAMPAIGN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
_REACHING = ("email", "phone", "street")  # of which somebody without any cannot be reached
EXPORTED, OTHER = "exported", "other"

# Of each customer the first reason that keeps the offer away. Who bought what is of the category, and who asked that
# the purchase be forgotten, have the same one: nothing tells them apart.
_OFFER = """
    with

        kept_away as (
            select cool_downs.person_pseudonym
            from restricted.cool_downs as cool_downs
            inner join restricted.product_category_tree as tree on cool_downs.category_id = tree.ancestor_id
            where tree.category_id = $category and cool_downs.cool_until > $today
        ),

        suppressed as (
            select suppressions.customer_id
            from restricted.suppressions as suppressions
            inner join restricted.product_category_tree as tree
                on (suppressions.category_id = tree.ancestor_id and tree.category_id = $category)
                or (suppressions.category_id = tree.category_id and tree.ancestor_id = $category)
            where suppressions.suppressed_until > $today
        )

    select
        addressees.customer_id,
        case
            when not addressees.agrees_to_marketing or (not addressees.agrees_to_sharing and $is_shared)
            then 'no_consent'
            when addressees.pause is not null
            then addressees.pause
            when
                addressees.person_pseudonym in (select person_pseudonym from kept_away)
                or addressees.customer_id in (select customer_id from suppressed)
            then 'not_for_this_category'
            when {is_unreachable}
            then 'no_address'
            else 'exported'
        end as reason
    from restricted.addressees as addressees
    inner join staging.stg_customers as customers on addressees.customer_id = customers.customer_id
"""
# A recall is a legal duty: it reaches whoever bought the product, also who asked that the purchase be forgotten.
_RECALL = """
    select
        customers.customer_id,
        case
            when
                customers.customer_id not in (
                    select customer_id
                    from restricted.scope_purchase_lines
                    where
                        product_id = $product and purchased_on between $first and $last
                        and customer_id is not null and purchase_number is not null
                )
            then 'did_not_buy_it'
            when {is_unreachable}
            then 'no_address'
            else 'exported'
        end as reason
    from staging.stg_customers as customers
"""


@dataclass(frozen=True)
class Offer:
    """An offer for a category, sent by a recipient or shared with it. `purpose`: None if the policy has only one."""

    campaign: str
    category: str
    recipient: str
    purpose: str | None = None


@dataclass(frozen=True)
class Recall:
    """A product that is called back from whoever bought it from the `first` to the `last` day."""

    product: str
    first: date
    last: date
    recipient: str


@dataclass(frozen=True)
class Activated:
    """What an activation did or would do: how many persons by reason, of which `exported` are in the file.

    `disclosure` is None after a dry run.
    """

    recipient: Recipient
    counts: Mapping[str, int]
    k: int
    disclosure: Disclosure | None = None

    @property
    def merged(self) -> dict[str, int]:
        """The counts, with those of fewer than k persons merged into one of at least k, as far as there are so many."""
        return merged(self.counts, self.k)


def activate(settings: Settings, request: Offer | Recall, output: Path | None, reporter: Reporter) -> Activated:
    """Write the addresses of whom a request may reach into `output` (CSV, mode 0600), or only count (None).

    Raises ConfigurationError if the recipient may not receive them, the category or the product is not known or takes
    no offers, or `output` lies where others read or is there already; InputError if landing or register cannot be used;
    LockedError while another activation is under way.
    """
    os.umask(0o077)
    settings = replace(settings, as_of=None)  # as of now
    _require_sensible(request)
    recipient = recipients.chosen(settings.project, request.recipient, _purposes(request))
    if output is not None:
        output = output.resolve()
        _require_free(settings, output)
    register.require_complete(register.read(settings.register), settings.seen_requests)
    folder = private_folder(settings.warehouse / "activation")
    with lock.exclusive(folder), emptied(folder), _vault(settings, folder, reporter) as connection:
        policy = dict(connection.execute("select setting, value from policy.settings").fetchall())
        _decide(connection, request, recipient)
        counted = connection.execute("select reason, count(*) from decided group by reason").fetchall()
        result = Activated(recipient, {EXPORTED: 0} | dict(counted), int(policy["k"]))
        if output is None:
            return result
        reporter.phase("write")
        return replace(result, disclosure=_write(settings, connection, request, recipient, policy, output))


def merged(counts: Mapping[str, int], k: int) -> dict[str, int]:
    """Merge the counts of fewer than k persons, and the smallest others until together they are at least k.

    The sum stays. Nobody is a count of 0, which is left as it is.
    """
    small = {reason: count for reason, count in counts.items() if 0 < count < k}
    others = sorted((count, reason) for reason, count in counts.items() if count >= k)
    while small and sum(small.values()) < k and others:
        count, reason = others.pop(0)
        small[reason] = count
    rest = {reason: count for reason, count in counts.items() if reason not in small}
    return rest | ({OTHER: sum(small.values())} if small else {})


def _purposes(request: Offer | Recall) -> set[str]:
    if isinstance(request, Recall):
        return {"recall"}
    return {request.purpose} if request.purpose else {"marketing", "partner_sharing"}


def _require_sensible(request: Offer | Recall) -> None:
    if isinstance(request, Offer):
        if not _CAMPAIGN.fullmatch(request.campaign):
            raise ConfigurationError(
                "--campaign is no name of a campaign. Use up to 60 letters, digits, '.', '_' and '-', beginning with a "
                "letter or a digit."
            )
    elif request.first > request.last:
        raise ConfigurationError("--from lies after --to. Exchange them.")


def _require_free(settings: Settings, output: Path) -> None:
    settings.require_elsewhere(output, "Addresses")
    if not output.parent.is_dir():
        raise ConfigurationError(f"--output: there is no folder {output.parent}. Make it, for its owner alone.")
    for path in (output, _beside(output)):
        if path.exists():
            raise ConfigurationError(f"--output: {path} exists. Name another file, or delete it if it is of no use.")


def _beside(output: Path) -> Path:
    return output.with_name(f"{output.name}.json")


@contextmanager
def _vault(settings: Settings, folder: Path, reporter: Reporter) -> Iterator[duckdb.DuckDBPyConnection]:
    """A vault of now, built from landing and register; read-only."""
    shutil.copytree(settings.register, folder / "register")
    own = replace(settings, warehouse=folder / "warehouse", published=folder / "nothing", register=folder / "register")
    dbt = Dbt(own)
    reporter.phase("parse")
    dbt.parse(0)
    reporter.phase("build")
    dbt.build_activation(reporter.progress)
    limits = sql.limits(own.warehouse / "temporary")
    with duckdb.connect(str(own.vault), read_only=True, config=limits) as connection:
        yield connection


def _decide(connection: duckdb.DuckDBPyConnection, request: Offer | Recall, recipient: Recipient) -> None:
    """Make the table `decided`: every customer, with the reason why they are in the file or not."""
    reaching = [f"customers.{column} is null" for column in recipient.columns if column in _REACHING]
    given: dict[str, Any]
    if isinstance(request, Offer):
        _require_offers_for(connection, request.category)
        query = _OFFER
        given = {
            "category": request.category,
            "is_shared": recipient.purpose == "partner_sharing",
            "today": datetime.now(UTC).date(),
        }
    else:
        known = connection.execute(
            "select count(*) from staging.stg_products where product_id = ?", [request.product]
        ).fetchall()
        if known == [(0,)]:
            raise ConfigurationError("--product is no product of landing. Correct its number.")
        query, given = _RECALL, {"product": request.product, "first": request.first, "last": request.last}
    query = query.format(is_unreachable=" and ".join(reaching))
    connection.execute(f"create temp table decided as {query}", given)


def _require_offers_for(connection: duckdb.DuckDBPyConnection, category: str) -> None:
    found = connection.execute(
        "select is_vulnerable from restricted.offer_categories where category_id = ?", [category]
    ).fetchall()
    if not found:
        raise ConfigurationError("--category is no product category of landing. Correct its number.")
    if found == [(True,)]:
        raise ConfigurationError(
            "--category is one for which the policy wants no offers (seeds/policy/vulnerable_categories.csv). Make the "
            "offer to everybody, in a shop window or on the website, or choose another category."
        )


def _write(
    settings: Settings,
    connection: duckdb.DuckDBPyConnection,
    request: Offer | Recall,
    recipient: Recipient,
    policy: Mapping[str, str],
    output: Path,
) -> Disclosure:
    """Write the file; record it, and only then give it its name. Returns what was recorded."""
    unfinished = output.with_name(f".{output.name}.{secrets.token_hex(4)}")
    columns = ", ".join(f"customers.{sql.identifier(column)}" for column in recipient.columns)
    today = datetime.now(UTC).date()
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        os.close(descriptor)
        connection.execute(
            f"""
            copy (
                select {columns}
                from decided
                inner join staging.stg_customers as customers on decided.customer_id = customers.customer_id
                where decided.reason = 'exported'
                order by all
            ) to {sql.text(str(unfinished))} (format csv, header true)
            """
        )
        descriptor = os.open(unfinished, os.O_RDONLY)
        os.fchmod(descriptor, 0o600)
        os.fsync(descriptor)
        os.close(descriptor)
        ((persons,),) = connection.execute("select count(*) from decided where reason = 'exported'").fetchall()
        nonce = secrets.token_bytes(16)
        disclosure = Disclosure(
            disclosed_at=records.now(),
            kind="offer" if isinstance(request, Offer) else "recall",
            campaign=request.campaign if isinstance(request, Offer) else f"recall-{today:%Y-%m-%d}",
            subject=request.category if isinstance(request, Offer) else request.product,
            recipient=recipient.recipient,
            purpose=recipient.purpose,
            legal_basis=recipient.legal_basis,
            columns=" ".join(recipient.columns),
            persons=persons,
            use_until=(today + timedelta(days=int(policy["export_days"]))).isoformat(),
            policy_version=policy["policy_version"],
            commitment=disclosures.commitment(nonce, unfinished),
        )
        disclosures.add(settings, disclosure)
        evidence.catch_up(settings)
        write_durably(_beside(output), _accompanying(disclosure, output, nonce), mode=0o600)
        unfinished.replace(output)
        sync_folder(output.parent)
        return disclosure
    except (OSError, duckdb.IOException) as error:  # the engine's own message may quote data
        why = getattr(error, "strerror", None) or type(error).__name__
        raise ConfigurationError(
            f"--output {output} cannot be written ({why}). Free the disk, or correct the folder's owner and mode."
        ) from None
    finally:
        unfinished.unlink(missing_ok=True)


def _accompanying(disclosure: Disclosure, output: Path, nonce: bytes) -> str:
    """What goes with the file: for what it may be used and until when, and the nonce that proves that it is the one."""
    content = {"file": output.name, **asdict(disclosure), "nonce": nonce.hex()}
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"
