{{
    config(
        group="privacy_office",
        meta={
            "code": "ERA-02",
            "exit_code": 1,
            "examines": "from vault.restricted.erasure_requests where state = 'effective'",
            "if_empty": "no request to forget is in effect",
            "remedy": "Something that was forgotten is still in a publication. Look at what was changed last in models/vault/kept/, models/vault/purchase_sums.sql and models/vault/erased_purchase_lines.sql.",
        },
    )
}}
-- from the requests and from what arrived: what lists the forgotten lines for the models is not asked
with

    erasure_requests as (select * from {{ ref("erasure_requests") }} where state = 'effective'),

    askers as (

        select customer_id
        from erasure_requests
        union
        select customer_id
        from {{ ref("scope_purchases") }}
        where purchase_id in (select purchase_id from erasure_requests)

    ),

    -- all that was asked about, and all else that whoever asked bought: of that something stays
    purchase_lines as (

        select
            purchase_number,
            purchase_id,
            line_number,
            customer_id,
            product_id,
            net_amount,
            purchased_on,
            purchased_at
        from {{ ref("scope_purchase_lines") }}
        where
            purchase_number is not null
            and (
                purchase_id
                in (select purchase_id from erasure_requests where scope in ('purchase', 'purchase_line'))
                or customer_id in (select customer_id from askers where customer_id is not null)
            )

    ),

    lines as (

        select purchase_lines.*, stg_products.category_id
        from purchase_lines
        left join
            {{ ref("stg_products") }} as stg_products on purchase_lines.product_id = stg_products.product_id

    ),

    forgotten as (

        select lines.*
        from lines
        inner join erasure_requests on lines.purchase_id = erasure_requests.purchase_id
        where
            erasure_requests.scope = 'purchase'
            or (erasure_requests.scope = 'purchase_line' and lines.line_number = erasure_requests.line_number)
        union
        select lines.*
        from lines
        inner join erasure_requests on lines.customer_id = erasure_requests.customer_id
        left join
            {{ ref("product_category_tree") }} as tree
            on lines.category_id = tree.category_id
            and erasure_requests.category_id = tree.ancestor_id
        where
            (erasure_requests.scope = 'person' and lines.purchased_at <= erasure_requests.requested_at)
            or (erasure_requests.scope = 'category' and tree.category_id is not null)

    ),

    staying as (

        select lines.*
        from lines
        anti join
            forgotten
            on lines.purchase_number = forgotten.purchase_number
            and lines.line_number = forgotten.line_number

    ),

    staying_categories as (

        select distinct staying.customer_id, tree.category_id
        from staying
        inner join {{ ref("product_category_tree") }} as tree on staying.category_id = tree.ancestor_id

    ),

    -- what is left of each purchase of which something was forgotten
    remaining as (

        select
            lines.purchase_number,
            count(*) filter (where forgotten.purchase_number is null) as line_count,
            sum(lines.net_amount) filter (where forgotten.purchase_number is null) as net_amount
        from lines
        left join
            forgotten
            on lines.purchase_number = forgotten.purchase_number
            and lines.line_number = forgotten.line_number
        group by lines.purchase_number
        having count(forgotten.purchase_number) > 0

    ),

    sold_lines as (

        select purchase_number, count(*) as line_count
        from {{ ref("sales_by_line") }}
        where purchase_number in (select purchase_number from remaining)
        group by purchase_number

    )

select 'purchases' as what
from remaining
inner join
    {{ ref("purchase_pseudonyms") }} as purchase_pseudonyms
    on remaining.purchase_number = purchase_pseudonyms.purchase_number
inner join
    {{ ref("protected_analytics__purchases") }} as purchases
    on purchase_pseudonyms.purchase_pseudonym = purchases.purchase_pseudonym
where
    purchases.line_count <> remaining.line_count or purchases.net_amount is distinct from remaining.net_amount

union all

select 'sales' as what
from remaining
inner join
    {{ ref("sales_by_purchase") }} as sales_by_purchase
    on remaining.purchase_number = sales_by_purchase.purchase_number
where sales_by_purchase.net_amount is distinct from remaining.net_amount

union all

select 'lines of sales' as what
from remaining
inner join sold_lines on remaining.purchase_number = sold_lines.purchase_number
where sold_lines.line_count <> remaining.line_count

union all

select 'returns' as what
from {{ ref("kept_returns") }} as kept_returns
inner join
    forgotten
    on kept_returns.purchase_number = forgotten.purchase_number
    and kept_returns.line_number = forgotten.line_number

union all

{% for kept in ["kept_web_events", "kept_support_tickets", "kept_marketing_messages"] -%}
    select 'contacts' as what
    from {{ ref(kept) }}
    where purchase_id in (select purchase_id from forgotten)
    union all
{% endfor %}

select 'guarantees' as what
from {{ ref("protected_service__guarantees") }} as guarantees
inner join
    {{ ref("service_person_pseudonyms") }} as person_pseudonyms
    on guarantees.person_pseudonym = person_pseudonyms.person_pseudonym
anti join
    staying
    on person_pseudonyms.customer_id = staying.customer_id
    and guarantees.product_id = staying.product_id
    and guarantees.purchased_on = staying.purchased_on
where
    person_pseudonyms.customer_id in (select customer_id from forgotten)
    and {{ in_scope("person", "person_pseudonyms.customer_id") }}

union all

-- what is forgotten keeps no offer away: the category looks as if nothing of it had been bought
select 'cool-downs' as what
from {{ ref("protected_marketing__offer_cool_downs") }} as offer_cool_downs
inner join
    {{ ref("marketing_person_pseudonyms") }} as person_pseudonyms
    on offer_cool_downs.person_pseudonym = person_pseudonyms.person_pseudonym
anti join
    staying_categories
    on person_pseudonyms.customer_id = staying_categories.customer_id
    and offer_cool_downs.category_id = staying_categories.category_id
where
    person_pseudonyms.customer_id in (select customer_id from forgotten)
    and {{ in_scope("person", "person_pseudonyms.customer_id") }}

union all

{% for kept, moment in [("kept_web_events", "occurred_at"), ("kept_marketing_messages", "sent_at")] -%}
    select 'interest' as what
    from {{ ref(kept) }} as contacts
    inner join
        forgotten
        on contacts.customer_id = forgotten.customer_id
        and contacts.category_id = forgotten.category_id
    left join
        {{ ref("scope_purchases") }} as scope_purchases on contacts.purchase_id = scope_purchases.purchase_id
    where
        scope_purchases.purchase_id is null
        and contacts.{{ moment }}
        between forgotten.purchased_at
        - interval {{ setting("interest_window_days") }} day and forgotten.purchased_at
        + interval {{ setting("interest_window_days") }} day
        {{ "union all" if not loop.last }}
{% endfor %}
