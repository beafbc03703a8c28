-- A customer is a household. For 801 of them the source has bands of age and income and the kind of
-- household: the contract has no column with that meaning, so they stay behind.
with

    transactions as (select * from source.transactions),

    demographics as (select * from source.demographics),

    campaigns as (select * from source.campaigns),

    coupon_redemptions as (select * from source.coupon_redemptions),

    households as (
        select household_id
        from transactions
        union
        select household_id
        from demographics
        union
        select household_id
        from campaigns
        union
        select household_id
        from coupon_redemptions
    )

select households.household_id as customer_id
from households
order by customer_id
