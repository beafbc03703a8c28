-- The landing files without the rows that Big Trust does not publish, for the plain project, which knows of
-- no erasure and no retention. builds.py sets the variables `landing` and `as_of` and writes each view of the
-- schemas `analytics` and `insights`. It is written without looking at Big Trust's models: the test that
-- compares the two would otherwise compare a mistake with itself.
create schema landing;

create view landing.purchases as
from read_parquet(getvariable('landing') || '/purchases/*.parquet');

create view landing.purchase_lines as
from read_parquet(getvariable('landing') || '/purchase_lines/*.parquet');

create view landing.returns as
from read_parquet(getvariable('landing') || '/returns/*.parquet');

create view landing.customers as
from read_parquet(getvariable('landing') || '/customers.parquet');

create view landing.products as
from read_parquet(getvariable('landing') || '/products.parquet');

create view landing.product_categories as
from read_parquet(getvariable('landing') || '/product_categories.parquet');

create table requests as
from read_parquet(getvariable('landing') || '/erasure_requests/*.parquet');

create table forgotten_persons as
select customer_id, max(requested_at) as forgotten_until
from requests
where scope = 'person'
group by customer_id;

-- a category with its children: TPC-DS has two levels
create table forgotten_categories as
select requests.customer_id, products.product_id
from requests
inner join landing.product_categories
    on requests.category_id in (product_categories.category_id, product_categories.parent_category_id)
inner join landing.products on product_categories.category_id = products.category_id
where requests.scope = 'category'
group by all;

create table kept_lines as
select
    purchase_lines.purchase_id,
    purchase_lines.line_number,
    purchases.customer_id,
    cast(purchases.purchased_at as date) as purchased_on
from landing.purchase_lines
inner join landing.purchases on purchase_lines.purchase_id = purchases.purchase_id
left join requests as whole on whole.scope = 'purchase' and purchases.purchase_id = whole.purchase_id
left join requests as line
    on line.scope = 'purchase_line'
    and purchase_lines.purchase_id = line.purchase_id
    and purchase_lines.line_number = line.line_number
left join forgotten_categories
    on purchases.customer_id = forgotten_categories.customer_id
    and purchase_lines.product_id = forgotten_categories.product_id
left join forgotten_persons
    on purchases.customer_id = forgotten_persons.customer_id
    and purchases.purchased_at <= forgotten_persons.forgotten_until
where
    whole.purchase_id is null
    and line.purchase_id is null
    and forgotten_categories.customer_id is null
    and forgotten_persons.customer_id is null;

create table kept_returns as
select returns.*, kept_lines.customer_id, kept_lines.purchased_on
from landing.returns
inner join kept_lines
    on returns.purchase_id = kept_lines.purchase_id and returns.line_number = kept_lines.line_number;

create table kept_customers as
select customers.*
from landing.customers
left join forgotten_persons on customers.customer_id = forgotten_persons.customer_id
where forgotten_persons.customer_id is null or customers.created_at > forgotten_persons.forgotten_until;

create table last_activity as
with activities as (
    select customer_id, cast(created_at as date) as active_on from kept_customers
    union all
    select customer_id, purchased_on from kept_lines
    union all
    select customer_id, cast(returned_at as date) from kept_returns
)
select customer_id, max(active_on) as active_on
from activities
group by customer_id;

create schema analytics;

-- retention: 36 months from the purchase, for a customer from the last activity
create table analytics.lines as
select purchase_id, line_number
from kept_lines
where purchased_on + interval 36 month > getvariable('as_of');

create view analytics.customers as
select kept_customers.*
from kept_customers
inner join last_activity on kept_customers.customer_id = last_activity.customer_id
where last_activity.active_on + interval 36 month > getvariable('as_of');

create view analytics.purchases as
from landing.purchases
where purchase_id in (select purchase_id from analytics.lines);

create view analytics.purchase_lines as
from landing.purchase_lines
semi join analytics.lines using (purchase_id, line_number);

create view analytics.returns as
from landing.returns
semi join analytics.lines using (purchase_id, line_number);

create schema insights;

-- retention: 60 months from the month of the sale
create table insights.lines as
select purchase_id, line_number
from kept_lines
where date_trunc('month', purchased_on) + interval 60 month > getvariable('as_of');

create view insights.customers as
from kept_customers;

create view insights.purchases as
from landing.purchases
where purchase_id in (select purchase_id from insights.lines);

create view insights.purchase_lines as
from landing.purchase_lines
semi join insights.lines using (purchase_id, line_number);
