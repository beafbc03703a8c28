-- The sales value is what the retailer receives: after the loyalty discount and the retailer's match of a
-- coupon, before the manufacturer's coupon, which the manufacturer pays back. So the first two are the
-- discount, and the manufacturer's coupon is none.
--
-- Fuel is counted in thousandths of a gallon: 1,000 of them cost 1.92 to 5.54 dollars. Where its quantity
-- is 1, the line is an amount of money for an unknown quantity, and stays as it is.
--
-- A line of quantity 0 and value 0 has the price 0. Where the quantity is 0 and the value is not, no price is
-- right: it is left empty, and the run sets the line aside and counts it.
with

    transactions as (select * from source.transactions),

    products as (select * from source.products),

    measured as (
        select
            transactions.basket_id,
            transactions.product_id,
            case
                when products.product_type = 'GASOLINE-REG UNLEADED' and transactions.quantity > 1
                then cast(transactions.quantity / 1000 as decimal(18, 3))
                else cast(transactions.quantity as decimal(18, 3))
            end as quantity,
            cast(transactions.sales_value as decimal(18, 2)) as sales_value,
            cast(transactions.retail_disc as decimal(18, 2))
            + cast(transactions.coupon_match_disc as decimal(18, 2)) as discount
        from transactions
        left join products on transactions.product_id = products.product_id
    ),

    -- A basket holds a product once, so its lines can be numbered by product.
    numbered as (
        select
            measured.*,
            row_number() over (partition by measured.basket_id order by measured.product_id) as line_number
        from measured
    ),

    -- With the four decimals that staging keeps, every line still comes to its sales value to the cent.
    priced as (
        select
            numbered.*,
            case
                when numbered.quantity > 0
                then cast((numbered.sales_value + numbered.discount) / numbered.quantity as decimal(18, 4))
                when numbered.sales_value + numbered.discount = 0
                then 0
            end as unit_price
        from numbered
    )

select
    priced.basket_id as purchase_id,
    priced.line_number,
    priced.product_id,
    priced.quantity,
    priced.unit_price,
    priced.discount
from priced
order by purchase_id, priced.line_number
