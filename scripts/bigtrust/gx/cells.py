"""The persons behind the cells of an aggregate, counted again from sales, messages and what else the vault keeps.

A cell is a combination of values of the columns that an aggregate is grouped by (`cells` in the meta of its model).
A person counts who has a pseudonym that the vault has issued; an anonymous sale counts as nobody.
"""

from collections.abc import Sequence

from bigtrust.gx.engine import DuckDBExecutionEngine

# A month belongs to a purchase, a category to a line, a region to a person.
_OF_SALES = ("sold_month", "category_id", "region")
# A campaign belongs to a message, a segment to a person.
_OF_MESSAGES = ("campaign_id", "segment")
# A month and a measure belong to an event, a segment to a person: the region, and `all`.
_OF_EXPERIENCES = ("happened_month", "segment", "measure")
DIMENSIONS = tuple(dict.fromkeys((*_OF_SALES, *_OF_MESSAGES, *_OF_EXPERIENCES)))
# What a total is known of: within it, something else divides it into cells.
WITH_A_TOTAL = ("sold_month", "campaign_id", "happened_month", "measure")

# In one of so many purchases or messages, most cells have k persons already: those are not counted one by one.
_SAMPLE = 16
# The largest part of a cell that may be one person's.
_MOST = 0.8


def counted_cells(engine: DuckDBExecutionEngine, by: Sequence[str], k: int) -> tuple[str, str]:
    """The names of two tables of the session: the cells of at least `k` persons, and who is in the other ones.

    The first has the columns of `by`, the second also `person` (null: an anonymous sale), without double rows. A cell
    of at least `k` persons may be in the second one, too.
    """
    enough, others = (f"memory.main.{what}_{'_'.join(by)}" for what in ("enough", "others"))
    columns = ", ".join(by)
    sales = f"({_contributions(engine, by)}) as sales"
    engine.rows(f"""
        create table if not exists {enough} as
        select {columns} from {sales} where hash(number) % {_SAMPLE} = 0
        group by {columns} having count(distinct person) >= {k}""")
    engine.rows(f"""
        create table if not exists {others} as
        select distinct {columns}, person from {sales} anti join {enough} as enough on {same("sales", "enough", by)}""")
    return enough, others


def cells_of_one_person(engine: DuckDBExecutionEngine, by: Sequence[str], relation: str) -> int:
    """How many cells of a relation (quoted SQL name) are of one person by more than 80 percent.

    The dominance rule with one contributor (Hundepool et al., Statistical Disclosure Control, 2012, chapter 4). Amounts
    count whatever their sign. First by parts of a cell, of which each person is in one: only where one of four parts is
    that large are persons looked at one by one. The cells of one person are found once per session.
    """
    found = f"memory.main.of_one_{'_'.join(by)}"
    columns = ", ".join(by)
    sales = f"({_contributions(engine, by, has_amount=True)}) as sales"

    def of_one(contributor: str, among: str) -> str:
        return f"""
            select {columns} from (
                select {columns}, {contributor} as contributor, sum(abs(net_amount)) as turnover
                from {among} group by {columns}, contributor) as contributions
            group by {columns}
            having max(turnover) filter (where contributor is not null) > {_MOST} * sum(turnover)"""

    doubtful = of_one("case when person is not null then hash(person) % 4 end", sales)
    engine.rows(f"""
        create table if not exists {found} as
        with doubtful as ({doubtful}),
        looked_at as (select sales.* from {sales} semi join doubtful on {same("sales", "doubtful", by)})
        {of_one("person", "looked_at")}""")
    query = f"select count(*) from {relation} as cells semi join {found} as of_one on {same('cells', 'of_one', by)}"
    return int(engine.rows(query)[0][0])


def same(one: str, other: str, columns: Sequence[str]) -> str:
    """SQL: whether two relations have the same values in columns; null is a value."""
    return " and ".join(f"{one}.{column} is not distinct from {other}.{column}" for column in columns) or "true"


def _contributions(engine: DuckDBExecutionEngine, by: Sequence[str], *, has_amount: bool = False) -> str:
    """SQL: `number`, `person` and dimensions of each purchase, of each line if the category is asked, of each message
    or of each other event.

    With `has_amount`, also its `net_amount`; of a message or event, 1.
    """
    if set(by) <= set(_OF_MESSAGES):
        return _messages(by)
    return _experiences(by) if set(by) <= set(_OF_EXPERIENCES) else _sales(engine, by, has_amount=has_amount)


def _experiences(by: Sequence[str]) -> str:
    columns = {"happened_month": "events.happened_month", "measure": "events.measure", "segment": "segments.segment"}
    selected = ", ".join(f"{columns[dimension]} as {dimension}" for dimension in by)
    return f"""
        select
            hash(persons.person_pseudonym, events.happened_month) as number,
            persons.person_pseudonym as person,
            {selected},
            1 as net_amount
        from vault.restricted.experiences as events
        inner join vault.restricted.person_pseudonyms as persons on events.person_pseudonym = persons.person_pseudonym
        left join vault.restricted.person_regions as regions on persons.person_pseudonym = regions.person_pseudonym
        cross join lateral (select unnest(['all', coalesce(regions.region, 'unknown')]) as segment) as segments"""


def _messages(by: Sequence[str]) -> str:
    columns = {"campaign_id": "messages.campaign_id", "segment": "members.value_band"}
    selected = ", ".join(f"{columns[dimension]} as {dimension}" for dimension in by)
    return f"""
        select
            hash(persons.person_pseudonym, messages.sent_on) as number,
            persons.person_pseudonym as person,
            {selected},
            1 as net_amount
        from vault.restricted.audience_messages as messages
        inner join vault.restricted.marketing_person_pseudonyms as persons
            on messages.person_pseudonym = persons.person_pseudonym
        inner join marketing.protected.audience_members as members
            on persons.person_pseudonym = members.person_pseudonym
        where messages.campaign_id is not null"""


def _sales(engine: DuckDBExecutionEngine, by: Sequence[str], *, has_amount: bool) -> str:
    columns = {"sold_month": "purchases.sold_month", "category_id": "numbers.category_id"}
    columns["region"] = "coalesce(regions.region, 'unknown')"
    selected = ", ".join(f"{columns[dimension]} as {dimension}" for dimension in by)
    if has_amount:
        selected += f", {'lines' if 'category_id' in by else 'purchases'}.net_amount"
    joins = """
        vault.restricted.sales_by_purchase as purchases
        left join vault.restricted.person_pseudonyms as persons
            on purchases.person_pseudonym = persons.person_pseudonym"""
    if "category_id" in by:
        joins += f"""
        inner join vault.restricted.sales_by_line as lines on purchases.purchase_number = lines.purchase_number
        left join {_category_numbers(engine)} as numbers on lines.category_number = numbers.category_number"""
    if "region" in by:
        joins += """
        left join vault.restricted.person_regions as regions
            on purchases.person_pseudonym = regions.person_pseudonym"""
    of_somebody = "where persons.person_pseudonym is not null" if "region" in by else ""
    return f"""
        select purchases.purchase_number as number, persons.person_pseudonym as person, {selected}
        from {joins} {of_somebody}"""


def _category_numbers(engine: DuckDBExecutionEngine) -> str:
    """The table of category numbers: after a run it is remembered in another schema."""
    is_there = engine.rows("""
        select count(*) from duckdb_tables()
        where database_name = 'vault' and schema_name = 'restricted' and table_name = 'category_numbers'""")[0][0]
    return f"vault.{'restricted' if is_there else 'last_run'}.category_numbers"
