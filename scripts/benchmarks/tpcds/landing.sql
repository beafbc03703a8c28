-- TPC-DS in the landing contract. generate.py runs this file and writes each view of the schema `landing`.
-- A view with a column `delivery` becomes one file per delivery: one a month, and one a day in January 2003.
--
-- A purchase is a ticket or an order. What is left out: lines without price or quantity (9 % of the store's),
-- returns of such lines, returns without date or quantity, and whatever happened after the last day of all
-- three channels, 2 January 2003. The retailer is made French: its postal codes are read as French ones, but
-- for one address in five, which stays in the United States.
create schema landing;

create macro delivery_of(moment) as
    case
        when moment < timestamp '2003-01-01 00:00:00'
        then strftime(moment, '%Y-%m')
        else strftime(moment, '%Y-%m-%d')
    end;

-- TPC-DS mixes names and numbers of classes; a class is taken by its name.
create table classes as
select
    i_category_id,
    i_class,
    i_category_id * 100 + row_number() over (partition by i_category_id order by i_class) as category_id
from (select distinct i_category_id, i_class from item where i_category_id is not null and i_class is not null);

create view landing.product_categories as
select i_category_id * 100 as category_id, max(i_category) as name, cast(null as bigint) as parent_category_id
from item
where i_category_id is not null
group by i_category_id
union all
select category_id, i_class as name, i_category_id * 100 as parent_category_id
from classes
order by category_id;

create view landing.products as
select
    item.i_item_sk as product_id,
    coalesce(classes.category_id, item.i_category_id * 100) as category_id,
    item.i_product_name as name,
    item.i_current_price as list_price
from item
left join classes on item.i_category_id = classes.i_category_id and item.i_class = classes.i_class
order by product_id;

create view landing.customers as
select
    customer.c_customer_sk as customer_id,
    customer.c_first_name as first_name,
    customer.c_last_name as last_name,
    customer.c_email_address as email,
    make_date(customer.c_birth_year, customer.c_birth_month, customer.c_birth_day) as birth_date,
    concat_ws(
        ' ',
        customer_address.ca_street_number,
        trim(customer_address.ca_street_name),
        customer_address.ca_street_type,
        customer_address.ca_suite_number
    ) as street,
    customer_address.ca_zip as postal_code,
    customer_address.ca_city as city,
    case
        when customer_address.ca_country is null
        then null
        when customer_address.ca_address_sk % 5 = 0
        then 'US'
        else 'FR'
    end as country,
    cast(date_dim.d_date as timestamp) as created_at
from customer
left join customer_address on customer.c_current_addr_sk = customer_address.ca_address_sk
left join date_dim on customer.c_first_sales_date_sk = date_dim.d_date_sk
order by customer_id;

-- The lines of the three channels. TPC-DS drops values line by line, so the time of a ticket is looked for on
-- all its lines; the customer is the one of the first line, and where that is missing the sale is anonymous.
create table sales as
with

    sold as (

        select
            'store' as channel,
            1000000000 + ss_ticket_number as purchase_id,
            ss_customer_sk as customer_id,
            ss_store_sk as store_id,
            ss_item_sk as product_id,
            ss_quantity as quantity,
            ss_sales_price as unit_price,
            ss_coupon_amt as discount,
            ss_sold_date_sk as sold_date_sk,
            ss_sold_time_sk as sold_time_sk
        from store_sales
        union all
        select
            'web',
            2000000000 + ws_order_number,
            ws_bill_customer_sk,
            null,
            ws_item_sk,
            ws_quantity,
            ws_sales_price,
            ws_coupon_amt,
            ws_sold_date_sk,
            ws_sold_time_sk
        from web_sales
        union all
        select
            'catalogue',
            3000000000 + cs_order_number,
            cs_bill_customer_sk,
            null,
            cs_item_sk,
            cs_quantity,
            cs_sales_price,
            cs_coupon_amt,
            cs_sold_date_sk,
            cs_sold_time_sk
        from catalog_sales

    ),

    tickets as (

        select purchase_id, max(sold_date_sk) as sold_date_sk, max(sold_time_sk) as sold_time_sk
        from sold
        group by purchase_id

    ),

    purchases as (

        select tickets.purchase_id, date_dim.d_date + to_seconds(coalesce(time_dim.t_time, 0)) as purchased_at
        from tickets
        inner join date_dim on tickets.sold_date_sk = date_dim.d_date_sk
        left join time_dim on tickets.sold_time_sk = time_dim.t_time_sk
        where date_dim.d_date <= date '2003-01-02'

    )

select
    sold.* exclude (sold_date_sk, sold_time_sk),
    row_number() over (partition by sold.purchase_id order by sold.product_id) as line_number,
    purchases.purchased_at,
    delivery_of(purchases.purchased_at) as delivery
from sold
inner join purchases on sold.purchase_id = purchases.purchase_id
where sold.quantity is not null and sold.unit_price is not null
order by purchases.purchased_at, sold.purchase_id, line_number;

create view landing.purchases as
select purchase_id, customer_id, purchased_at, channel, store_id, delivery
from sales
where line_number = 1;

create view landing.purchase_lines as
select purchase_id, line_number, product_id, quantity, unit_price, discount, delivery
from sales;

create table returned as
with

    brought_back as (

        select
            1000000000 + sr_ticket_number as purchase_id,
            sr_item_sk as product_id,
            sr_return_quantity as quantity,
            sr_reason_sk as reason_sk,
            sr_returned_date_sk as returned_date_sk,
            sr_return_time_sk as returned_time_sk
        from store_returns
        union all
        select
            2000000000 + wr_order_number,
            wr_item_sk,
            wr_return_quantity,
            wr_reason_sk,
            wr_returned_date_sk,
            wr_returned_time_sk
        from web_returns
        union all
        select
            3000000000 + cr_order_number,
            cr_item_sk,
            cr_return_quantity,
            cr_reason_sk,
            cr_returned_date_sk,
            cr_returned_time_sk
        from catalog_returns

    )

select
    sales.purchase_id * 100 + sales.line_number as return_id,
    sales.purchase_id,
    sales.line_number,
    date_dim.d_date + to_seconds(coalesce(time_dim.t_time, 0)) as returned_at,
    brought_back.quantity,
    case
        when reason.r_reason_desc like '%damaged%'
        then 'damaged'
        when reason.r_reason_desc in ('Stopped working', 'Parts missing', 'Not working any more')
        then 'defect'
        when reason.r_reason_desc in ('Did not fit', 'Wrong size')
        then 'size'
        when reason.r_reason_desc like 'Did not like%'
        then 'changed_mind'
        when reason.r_reason_desc like 'Not the product%'
        then 'wrong_item'
        else reason.r_reason_desc
    end as reason,
    delivery_of(returned_at) as delivery
from brought_back
inner join sales on brought_back.purchase_id = sales.purchase_id and brought_back.product_id = sales.product_id
inner join date_dim on brought_back.returned_date_sk = date_dim.d_date_sk
left join time_dim on brought_back.returned_time_sk = time_dim.t_time_sk
left join reason on brought_back.reason_sk = reason.r_reason_sk
where brought_back.quantity is not null and date_dim.d_date <= date '2003-01-02'
order by returned_at, return_id;

create view landing.returns as
select return_id, purchase_id, line_number, returned_at, quantity, reason, delivery
from returned;

-- Requests on purchases drawn by digest: of ten, four name a purchase, three a line, two a category (one of
-- them a main category) and one the person. The first are delivered on 1 January 2003, the
-- others on 2 January.
create table requests as
with

    drawn as (

        select
            purchase_id,
            customer_id,
            line_number,
            product_id,
            row_number() over (order by md5(cast(purchase_id as varchar))) as request_id
        from sales
        where line_number = 1 and customer_id is not null and purchased_at < timestamp '2003-01-01 00:00:00'
        qualify request_id <= getvariable('requests_before') + getvariable('requests_of_last_day')

    ),

    dated as (

        select
            drawn.*,
            products.category_id,
            case
                when request_id <= getvariable('requests_before') then date '2003-01-01' else date '2003-01-02'
            end as requested_on,
            case
                when request_id % 10 < 4
                then 'purchase'
                when request_id % 10 < 7
                then 'purchase_line'
                when request_id % 10 < 9 and products.category_id is not null
                then 'category'
                else 'person'
            end as scope
        from drawn
        inner join landing.products as products on drawn.product_id = products.product_id

    )

select
    request_id,
    scope,
    customer_id,
    case when scope in ('purchase', 'purchase_line') then purchase_id end as purchase_id,
    case when scope = 'purchase_line' then line_number end as line_number,
    case
        when scope = 'category' and request_id % 10 = 7
        then category_id
        when scope = 'category'
        then category_id - category_id % 100
    end as category_id,
    requested_on + interval 22 hour + to_seconds(request_id) as requested_at,
    ['till', 'web', 'support'][request_id % 3 + 1] as channel,
    delivery_of(requested_at) as delivery
from dated
order by request_id;

create view landing.erasure_requests as
from requests;
