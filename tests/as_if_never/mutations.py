"""Whether the property test would notice: single erasure and retention conditions of the models are broken, one by one.

    PYTHONPATH=scripts:tests python -m as_if_never.mutations [--histories N] [--only TEXT]

Prints what became of each mutation. Exits 1 if one is not caught (a build that refuses it compares nothing, and proves
nothing of the test), or if the models differ without any mutation; 2 if a mutation does not fit the models any more.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import click
from dbt_common.exceptions import DbtRuntimeError

from as_if_never.builds import Builds
from as_if_never.edges import EDGES
from as_if_never.found import FOUND
from as_if_never.histories import CALENDARS, History, draw
from bigtrust.errors import BigTrustError
from bigtrust.settings import PROJECT


@dataclass(frozen=True)
class Mutation:
    """A condition of a model or macro (`file`), as it is (`old`, exactly once) and broken (`new`), and the promise
    that is broken with it."""

    file: str
    old: str
    new: str
    promise: str


VAULT, KEPT, MACROS = "models/vault", "models/vault/kept", "macros/policy"
PROTECTED, MARTS = "models/protected", "models/marts"
MUTATIONS = (
    Mutation(
        f"{VAULT}/erasure_requests.sql",
        "when withdrawn_at <= timezone('UTC', now())",
        "when false",
        "a withdrawn request no longer counts",
    ),
    Mutation(
        f"{VAULT}/erasure_requests.sql",
        "when withdrawn_at <= timezone('UTC', now())",
        "when withdrawn_at is not null",
        "a request counts until the moment of its withdrawal",
    ),
    Mutation(
        f"{VAULT}/erasure_requests.sql",
        "and purchase_customer_id <> customer_id",
        "and false",
        "a request on somebody else's purchase is refused",
    ),
    Mutation(
        f"{VAULT}/erasure_requests.sql",
        "and purchase_customer_id <> customer_id",
        "and purchase_customer_id is distinct from customer_id",
        "a request on an anonymous purchase is not refused",
    ),
    Mutation(
        f"{VAULT}/erasure_requests.sql",
        "landed.request_id = stg_register_requests.request_id",
        "landed.request_id <> stg_register_requests.request_id",
        "what landing says of a request is the later word; the register's other requests count",
    ),
    Mutation(
        f"{VAULT}/erased_persons.sql",
        "max(requested_at)",
        "min(requested_at)",
        "the latest of a person's requests counts",
    ),
    Mutation(
        f"{VAULT}/erased_persons.sql",
        "where scope = 'person' and state = 'effective'",
        "where scope = 'person'",
        "a withdrawn request on a person does not count",
    ),
    Mutation(
        f"{VAULT}/erased_purchases.sql",
        "purchased_at <= erased_persons",
        "purchased_at < erased_persons",
        "a person's purchase at the very moment of the request goes",
    ),
    Mutation(
        f"{VAULT}/erased_purchases.sql",
        "where scope_purchases.purchased_at <= erased_persons.erased_until",
        "",
        "what a person buys after the request stays",
    ),
    Mutation(
        f"{VAULT}/erased_purchase_lines.sql",
        "where erasure_requests.scope = 'purchase'\n",
        "where erasure_requests.scope in ('purchase', 'purchase_line')\n",
        "a request on a line leaves the other lines",
    ),
    Mutation(
        f"{VAULT}/erased_purchases.sql",
        "erasure_requests.scope = 'purchase' and erasure_requests.state = 'effective'",
        "erasure_requests.scope = 'purchase'",
        "a refused or withdrawn request on a purchase does not count",
    ),
    Mutation(
        f"{VAULT}/erased_purchase_lines.sql",
        "union\nselect *\nfrom by_category",
        "",
        "a request on a category takes its lines along",
    ),
    Mutation(
        f"{VAULT}/erased_purchase_lines.sql",
        "union\nselect *\nfrom by_line",
        "",
        "a request on a line takes it along",
    ),
    Mutation(
        f"{VAULT}/erased_purchase_lines.sql",
        "and sales.line_number = erasure_requests.line_number",
        "",
        "a request on a line takes that line only",
    ),
    Mutation(
        f"{VAULT}/erased_purchase_lines.sql",
        "tree.ancestor_id = erasure_requests.category_id",
        "sales.category_id = erasure_requests.category_id",
        "a request on a category covers its children",
    ),
    Mutation(
        f"{VAULT}/erased_purchase_lines.sql",
        "on sales.customer_id = erasure_requests.customer_id\n            and tree",
        "on tree",
        "a request on a category leaves other people's lines",
    ),
    Mutation(
        f"{VAULT}/concerned_lines.sql",
        'or purchase_id in (select purchase_id from {{ source("register", "forgotten_lines") }})',
        "",
        "what is remembered of a line gives way to what is delivered",
    ),
    Mutation(
        f"{VAULT}/lines_to_remember.sql",
        "state in ('effective', 'pending')",
        "false",
        "what the source system has deleted stays forgotten",
    ),
    Mutation(
        f"{VAULT}/product_category_tree.sql",
        "on stg_product_categories.parent_category_id = tree.category_id",
        "on stg_product_categories.parent_category_id = tree.category_id and tree.category_id = tree.ancestor_id",
        "a request on a category covers the children of its children",
    ),
    Mutation(
        f"{VAULT}/erased_interests.sql",
        'purchased_at - interval {{ setting("interest_window_days") }} day',
        'purchased_at - interval {{ setting("interest_window_days") }} hour',
        "interest in the days before an erased purchase goes",
    ),
    Mutation(
        f"{VAULT}/erased_interests.sql",
        'purchased_at + interval {{ setting("interest_window_days") }} day',
        "purchased_at + interval 45 day",
        "interest in all days of the window after an erased purchase goes",
    ),
    Mutation(
        f"{VAULT}/touched_purchases.sql",
        "state in ('effective', 'pending')",
        "state = 'effective'",
        "what names a purchase goes while the request is pending",
    ),
    Mutation(
        f"{VAULT}/touched_purchases.sql",
        'select purchase_id\nfrom {{ ref("erased_purchase_lines") }}\nunion',
        "",
        "what names a partly erased purchase goes altogether",
    ),
    Mutation(
        f"{VAULT}/person_activity.sql",
        'from {{ ref("kept_web_events") }}',
        'from {{ ref("stg_web_events") }}',
        "the window of a person starts after erasure",
    ),
    Mutation(
        f"{KEPT}/kept_customers.sql",
        "or coalesce(stg_customers.updated_at, stg_customers.created_at) > erased_persons.erased_until",
        "or true",
        "the attributes of an erased person go",
    ),
    Mutation(
        f"{KEPT}/kept_customers.sql",
        "stg_customers.created_at) > erased_persons.erased_until",
        "stg_customers.created_at) >= erased_persons.erased_until",
        "a record of the very moment of the request goes",
    ),
    Mutation(
        f"{KEPT}/kept_customers.sql",
        "then stg_customers.updated_at",
        "then stg_customers.created_at",
        "whoever comes back starts anew",
    ),
    Mutation(
        f"{KEPT}/kept_web_events.sql",
        "erased_interests.category_id in (web_events.category_id, web_events.product_category_id)",
        "erased_interests.category_id = coalesce(web_events.category_id, web_events.product_category_id)",
        "interest shows in the category and in the product's category",
    ),
    Mutation(
        f"{KEPT}/kept_web_events.sql",
        "and scope_purchases.purchase_id is null",
        "",
        "an event that names another purchase that stays is kept",
    ),
    Mutation(
        f"{KEPT}/kept_web_events.sql",
        "between erased_interests.interested_from and erased_interests.interested_until",
        "> erased_interests.interested_from and web_events.occurred_at < erased_interests.interested_until",
        "the interest window includes its two ends",
    ),
    Mutation(
        f"{KEPT}/kept_web_events.sql",
        'and {{ names_no_touched_purchase("web_events.purchase_id") }}',
        "",
        "a web event that names an erased purchase goes",
    ),
    Mutation(
        f"{KEPT}/kept_marketing_messages.sql",
        "and not exists (select 1 from revealing where revealing.message_id = marketing_messages.message_id)",
        "",
        "messages on the category of an erased purchase go",
    ),
    Mutation(
        f"{KEPT}/kept_marketing_messages.sql",
        "and marketing_messages.category_id = erased_interests.category_id",
        "",
        "messages on other categories stay",
    ),
    Mutation(
        f"{KEPT}/kept_support_tickets.sql",
        '{{ not_of_an_erased_person("support_tickets.customer_id", "support_tickets.opened_at") }}',
        "true",
        "an erased person's tickets go",
    ),
    Mutation(
        f"{KEPT}/kept_support_tickets.sql",
        'and {{ names_no_touched_purchase("support_tickets.purchase_id") }}',
        "",
        "a ticket that names an erased purchase goes",
    ),
    Mutation(
        f"{KEPT}/kept_consents.sql",
        'where {{ not_of_an_erased_person("consents.customer_id", "consents.recorded_at") }}',
        "",
        "what a person agreed to before a request on everything goes",
    ),
    Mutation(
        f"{VAULT}/marketing_opt_ins.sql",
        "    and consent_states.is_granted\n",
        "",
        "who withdraws is gone from marketing",
    ),
    Mutation(
        f"{VAULT}/consent_states.sql",
        "order by recorded_at desc, granted, channel",
        "order by recorded_at desc, granted desc, channel",
        "of two words of the same moment, the stricter counts",
    ),
    Mutation(
        f"{VAULT}/marketing_opt_ins.sql",
        "consent_states.purpose = 'marketing'",
        "true",
        "a word on another purpose is none on marketing",
    ),
    Mutation(
        f"{VAULT}/marketing_opt_ins.sql",
        '    and {{ is_of_age("kept_customers.birth_date") }}\n',
        "",
        "who is too young is not in marketing",
    ),
    Mutation(
        f"{VAULT}/customer_states.sql",
        '        {{ is_of_age("stg_customers.birth_date") }},\n',
        "",
        "who comes of age is rebuilt on that day",
    ),
    Mutation(
        f"{VAULT}/customer_states.sql",
        "(purpose, granted, recorded_at) order by",
        "(purpose, recorded_at) order by",
        "a word that is delivered later is heard by a run that reads only the changes",
    ),
    Mutation(
        f"{MACROS}/not_an_erased_line.sql",
        "and erased_purchase_lines.line_number = {{ line_number }}",
        "",
        "a partly erased purchase goes line by line",
    ),
    Mutation(
        f"{KEPT}/kept_purchase_lines.sql",
        'and {{ not_an_erased_line("scope_purchase_lines.purchase_number", "scope_purchase_lines.line_number") }}',
        "",
        "an erased line is gone",
    ),
    Mutation(
        f"{VAULT}/purchase_sums.sql",
        "}} as is_kept",
        "}} or true as is_kept",
        "a partly erased purchase is summed up from the lines that stay",
    ),
    Mutation(
        f"{KEPT}/kept_purchases.sql",
        "where purchase_sums.kept_line_count > 0",
        "",
        "a purchase of which every line is erased is gone",
    ),
    Mutation(
        f"{KEPT}/kept_returns.sql",
        'and {{ not_an_erased_line("scope_returns.purchase_number", "scope_returns.line_number") }}',
        "",
        "the return of an erased line is gone",
    ),
    Mutation(
        f"{MACROS}/not_of_an_erased_person.sql",
        "<= erased_persons.erased_until",
        "< erased_persons.erased_until",
        "a contact at the very moment of a person's request goes",
    ),
    Mutation(
        f"{MACROS}/visible_until.sql",
        "interval {{ retention_months(data_category, purpose) }} month as date",
        "to_days(30 * {{ retention_months(data_category, purpose) }}) as date",
        "a window is counted in months",
    ),
    Mutation(
        f"{PROTECTED}/analytics/protected_analytics__purchase_lines.sql",
        "select * from purchases where visible_until > {{ today() }}",
        "select * from purchases where visible_until >= {{ today() }}",
        "a line is gone on the day on which its window ends",
    ),
    Mutation(
        f"{PROTECTED}/analytics/protected_analytics__purchase_lines.sql",
        "from returns\n        where visible_until > {{ today() }}",
        "from returns",
        "an expired return is no longer counted on its line",
    ),
    Mutation(
        f"{PROTECTED}/analytics/protected_analytics__returns.sql",
        '{{ visible_until("purchases", "analytics", "kept_returns.purchased_on") }}',
        "date '9999-12-31'",
        "a return never outlives its purchase",
    ),
    Mutation(
        f"{PROTECTED}/analytics/protected_analytics__returns.sql",
        "where visible_until > {{ today() }}",
        "",
        "an expired return is gone",
    ),
    Mutation(
        f"{PROTECTED}/analytics/protected_analytics__touchpoints.sql",
        "contacts.visible_until, coalesce(purchases.visible_until, contacts.visible_until)",
        "contacts.visible_until, contacts.visible_until",
        "a contact about a purchase never outlives it",
    ),
    Mutation(
        f"{PROTECTED}/analytics/protected_analytics__touchpoints.sql",
        'visible_until("web_events", "analytics", "occurred_on")',
        'visible_until("support_tickets", "analytics", "occurred_on")',
        "web events have their own window",
    ),
    Mutation(
        f"{VAULT}/persons/customer_attributes.sql",
        "where visible_until > {{ today() }}",
        "where visible_until is not null",
        "a person without contact expires",
    ),
    Mutation(
        f"{VAULT}/offers/cool_downs.sql",
        '{{ ref("kept_purchase_lines") }}',
        '{{ ref("scope_purchase_lines") }}',
        "a forgotten purchase keeps no offer away",
    ),
    Mutation(
        f"{VAULT}/offers/cool_downs.sql",
        "where cool_until > {{ today() }}",
        "where cool_until > {{ today() }} + interval 1 day",
        "a cool-down lasts to its last day",
    ),
    Mutation(
        f"{VAULT}/offers/cool_downs.sql",
        "where {{ in_scope(",
        "where true or {{ in_scope(",
        "a build of the changes adds no cool-down twice",
    ),
    Mutation(
        f"{VAULT}/offers/category_cycles.sql",
        "max(cycles.months) filter (where tree.ancestor_id = tree.category_id), max(cycles.months)",
        "max(cycles.months), max(cycles.months)",
        "a category's own cycle goes before those above it",
    ),
    Mutation(
        f"{VAULT}/offers/quiet_persons.sql",
        "when support_tickets.closed_at is not null",
        "when true",
        "while a question is open, its person gets no offer",
    ),
    Mutation(
        f"{VAULT}/offers/quiet_persons.sql",
        "on support_tickets.purchase_id = kept_purchases.purchase_id",
        "on false",
        "a question about a purchase does not outlive it in marketing",
    ),
    Mutation(
        f"{VAULT}/offers/audience_messages.sql",
        "where visible_until > {{ today() }}",
        "",
        "marketing looks back at no message whose window has ended",
    ),
    Mutation(
        f"{PROTECTED}/marketing/protected_marketing__offer_cool_downs.sql",
        "tree on cool_downs.category_id = tree.ancestor_id",
        "tree on cool_downs.category_id = tree.category_id",
        "a cool-down is of the categories below, and not of those above",
    ),
    Mutation(
        f"{PROTECTED}/marketing/protected_marketing__campaign_results.sql",
        "where too_few.campaign_id is null or large.place > 1",
        "",
        "what is left out of a campaign cannot be computed",
    ),
    Mutation(
        f"{VAULT}/persons/audience_attributes.sql",
        'visible_until("customers", "marketing", "person_activity.last_active_on")',
        'visible_until("customers", "analytics", "person_activity.last_active_on")',
        "marketing has a window of its own",
    ),
    Mutation(
        f"{VAULT}/persons/audience_attributes.sql",
        "where visible_until > {{ today() }}",
        "where visible_until >= {{ today() }}",
        "a person is gone from marketing on the day on which the window ends",
    ),
    Mutation(
        "macros/privacy/k_anonymous.sql",
        "count(*) over (partition by {{ combination }}) >= {{ k }}",
        "count(*) over (partition by {{ column }}) >= {{ k }}",
        "nobody is one of fewer than k who are alike in everything",
    ),
    Mutation(
        f"{VAULT}/persons/customer_attributes.sql",
        ", expires='visible_until'",
        "",
        "who has expired is nobody's company",
    ),
    Mutation(
        f"{VAULT}/sales/person_regions.sql",
        '{{ ref("kept_customers") }}',
        '{{ ref("stg_customers") }}',
        "the region of an erased person is not known any more",
    ),
    Mutation(
        f"{VAULT}/sales/sales_by_purchase.sql",
        '{{ visible_until("purchases", "insights", month(',
        '{{ visible_until("purchases", "analytics", month(',
        "insights has a window of its own",
    ),
    Mutation(
        f"{MARTS}/analytics/analytics__touchpoints.sql",
        "where visible_until > {{ today() }}",
        "where visible_until >= {{ today() }}",
        "a mart expires by itself, on the day on which the window ends",
    ),
    Mutation(
        f"{MARTS}/insights/insights__sales_by_region_month.sql",
        "where visible_until > {{ today() }}",
        "",
        "a mart expires by itself",
    ),
)


def unfit() -> list[Mutation]:
    """The mutations whose old text is not there exactly once."""
    return [mutation for mutation in MUTATIONS if _text(mutation.file).count(mutation.old) != 1]


def caught_by(mutation: Mutation | None, parts: Sequence[Sequence[History]]) -> str | None:
    """Build the histories, part by part, with a mutation (None: the models as they are); returns what first differs, if
    anything."""

    def edit(project: Path) -> None:
        if mutation is not None:
            path = project / mutation.file
            path.write_text(_text(mutation.file).replace(mutation.old, mutation.new), encoding="utf-8")

    with tempfile.TemporaryDirectory() as folder:
        builds = Builds(Path(folder), edit)
        shortest_first = sorted(enumerate(CALENDARS), key=lambda numbered: len(numbered[1].days))
        for part, (number, calendar) in product(parts, shortest_first):
            if not (batch := [history for history in part if history.calendar == number]):
                continue
            outcome = builds.check(batch)
            if outcome.differences:
                return outcome.differences[0].partition("\n")[0]
            if shown := builds.expire_everything(calendar.days[-1]):
                return f"{shown[0]} shows rows whose window is over"
    return None


def _text(file: str) -> str:
    path = PROJECT / file
    return path.read_text(encoding="utf-8") if path.exists() else ""


@click.command()
@click.option("--histories", default=300, show_default=True, help="How many histories each mutation meets.")
@click.option("--only", default="", help="Only mutations whose file or promise holds this text.")
def main(histories: int, only: str) -> None:
    """Break each condition once, and see whether the property test notices."""
    for mutation in unfit():
        click.echo(
            f"{mutation.file}: this text is not there exactly once, adapt the mutation:\n{mutation.old}", err=True
        )
    if unfit():
        sys.exit(2)
    drawn = [[*FOUND.values(), *EDGES], draw(histories)]
    if (difference := caught_by(None, drawn)) is not None:
        click.echo(f"Without any mutation: {difference}. Repair this first.", err=True)
        sys.exit(1)
    chosen = [mutation for mutation in MUTATIONS if only in mutation.file or only in mutation.promise]
    missed = 0
    for mutation in chosen:
        started = time.monotonic()
        try:
            difference = caught_by(mutation, drawn)
            verdict = "caught    " if difference else "NOT CAUGHT"
        except (BigTrustError, DbtRuntimeError) as refusal:
            difference, verdict = None, f"REFUSED by the build ({type(refusal).__name__}), adapt the mutation"
        missed += difference is None
        seconds = f"{time.monotonic() - started:4.0f} s"
        click.echo(f"{verdict} {seconds}  {mutation.promise} ({mutation.file}): {difference or '-'}")
    click.echo(f"{len(chosen) - missed} of {len(chosen)} mutations caught.")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
