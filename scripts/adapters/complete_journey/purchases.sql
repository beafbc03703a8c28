-- Household, store and time are the same on all lines of a basket; if they were not, a key would come out
-- twice.
--
-- The source keeps UTC without saying so: its weeks begin on Monday at 00:00 in New York, in winter and in
-- summer. What is landed is the clock of the shop, without a zone, so that a sale keeps its date.
with

    transactions as (select * from source.transactions),

    baskets as (
        select distinct
            transactions.basket_id,
            transactions.household_id,
            transactions.store_id,
            transactions.transaction_timestamp
        from transactions
    )

select
    baskets.basket_id as purchase_id,
    baskets.household_id as customer_id,
    baskets.store_id,
    baskets.transaction_timestamp
    at time zone 'UTC'
    at time zone 'America/New_York' as purchased_at
from baskets
order by purchase_id
