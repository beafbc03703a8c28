{#- Rows of the source systems that no purpose and no duty needs any more, and whether a legal hold keeps them: where
    each lies in the delivery. What names a purchase goes with it or before it; a purchase takes its lines along. -#}
{{ config(materialized="working") }}

with

    due_lines as (select * from {{ ref("due_lines") }}),

    due_purchases as (select * from {{ ref("due_purchases") }}),

    due_contacts as (select * from {{ ref("due_contacts") }}),

    due_persons as (select * from {{ ref("due_persons") }}),

    legal_holds as (

        select customer_id, purchase_id
        from {{ ref("stg_legal_holds") }}
        where
            {{ local_date("held_from") }} <= {{ today() }}
            and (held_until is null or {{ local_date("held_until") }} > {{ today() }})

    ),

    held_customers as (

        select distinct customer_id from legal_holds where customer_id is not null and purchase_id is null

    ),

    held_purchases as (

        select purchase_id
        from legal_holds
        where purchase_id is not null
        union
        select purchase_id
        from due_purchases
        where customer_id in (select customer_id from held_customers)
        union
        select purchase_id
        from due_contacts
        where purchase_id is not null and customer_id in (select customer_id from held_customers)

    ),

    -- whose purchase is disputed must stay known
    held_records as (

        select customer_id
        from legal_holds
        where customer_id is not null
        union
        select customer_id
        from due_purchases
        where customer_id is not null and purchase_id in (select purchase_id from held_purchases)

    ),

    outlived_purchases as (

        select distinct purchase_id
        from due_contacts
        where
            forgotten_on is null
            and needed_with_purchase_until < needed_until
            and needed_with_purchase_until <= {{ today() }}

    ),

    -- a purchase without lines is not shown, and hides nothing that names it
    sold_purchases as (

        select distinct purchase_id
        from {{ ref("stg_purchase_lines") }}
        where purchase_id in (select purchase_id from outlived_purchases)

    ),

    contacts as (

        select
            due_contacts.landing_table,
            due_contacts.customer_id,
            due_contacts.purchase_id,
            due_contacts.file_number,
            due_contacts.row_number,
            due_contacts.forgotten_on,
            due_contacts.duty_until,
            greatest(
                case
                    when sold_purchases.purchase_id is not null
                    then due_contacts.needed_with_purchase_until
                    else due_contacts.needed_until
                end,
                due_persons.last_contact_needed_until
            ) as needed_until
        from due_contacts
        left join sold_purchases on due_contacts.purchase_id = sold_purchases.purchase_id
        left join
            due_persons
            on due_contacts.customer_id = due_persons.customer_id
            and due_contacts.happened_on >= due_persons.last_active_on
            and due_contacts.is_activity
            and due_contacts.forgotten_on is null

    ),

    unneeded_contacts as (select *, {{ unneeded_since() }} as unneeded_since from contacts),

    named_purchases as (

        select
            purchase_id,
            max(coalesce(unneeded_since, date '9999-12-31')) as named_until,
            max(coalesce(unneeded_since, date '9999-12-31')) filter (
                where landing_table <> 'returns'
            ) as named_by_contacts_until
        from unneeded_contacts
        where purchase_id is not null
        group by purchase_id

    ),

    purchases as (

        select
            due_purchases.purchase_id,
            due_purchases.file_number,
            due_purchases.row_number,
            due_purchases.forgotten_on,
            due_purchases.duty_until,
            greatest(due_purchases.needed_until, due_persons.last_contact_needed_until) as needed_until
        from due_purchases
        left join
            due_persons
            on due_purchases.customer_id = due_persons.customer_id
            and due_purchases.purchased_on >= due_persons.last_active_on
            and due_purchases.forgotten_on is null

    ),

    unneeded_purchases as (

        select
            purchases.purchase_id,
            purchases.file_number,
            purchases.row_number,
            purchases.needed_until,
            greatest({{ unneeded_since() }}, named_purchases.named_until) as unneeded_since
        from purchases
        left join named_purchases on purchases.purchase_id = named_purchases.purchase_id

    ),

    -- forgotten lines of purchases that stay
    unneeded_lines as (

        select
            due_lines.purchase_id,
            due_lines.file_number,
            due_lines.row_number,
            greatest(
                due_lines.forgotten_on, due_purchases.duty_until, named_purchases.named_by_contacts_until
            ) as unneeded_since
        from due_lines
        inner join due_purchases on due_lines.purchase_id = due_purchases.purchase_id
        inner join unneeded_purchases on due_lines.purchase_id = unneeded_purchases.purchase_id
        left join named_purchases on due_lines.purchase_id = named_purchases.purchase_id
        where
            due_lines.forgotten_on is not null
            and due_lines.is_landed
            and not coalesce(unneeded_purchases.unneeded_since <= {{ today() }}, false)

    ),

    customers as (

        select
            stg_customers.customer_id,
            stg_customers.file_number,
            stg_customers.row_number,
            due_persons.forgotten_on,
            due_persons.needed_until,
            due_persons.duty_until
        from {{ ref("stg_customers") }} as stg_customers
        inner join due_persons on stg_customers.customer_id = due_persons.customer_id

    ),

    -- a consent is needed as long as the record of its person
    consents as (

        select
            stg_consents.customer_id,
            stg_consents.file_number,
            stg_consents.row_number,
            case
                when stg_consents.recorded_at <= due_persons.erased_until
                then cast(due_persons.erased_until as date)
            end as forgotten_on,
            due_persons.needed_until,
            due_persons.duty_until
        from {{ ref("stg_consents") }} as stg_consents
        inner join due_persons on stg_consents.customer_id = due_persons.customer_id

    ),

    unneeded as (

        select
            'customers' as landing_table,
            file_number,
            customers.row_number,
            needed_until,
            {{ unneeded_since() }} as unneeded_since,
            customer_id in (select customer_id from held_records) as is_held
        from customers

        union all

        select
            'consents' as landing_table,
            file_number,
            consents.row_number,
            needed_until,
            {{ unneeded_since() }} as unneeded_since,
            customer_id in (select customer_id from held_customers) as is_held
        from consents

        union all

        select
            'purchases' as landing_table,
            file_number,
            unneeded_purchases.row_number,
            needed_until,
            unneeded_since,
            purchase_id in (select purchase_id from held_purchases) as is_held
        from unneeded_purchases

        union all

        select
            'purchase_lines' as landing_table,
            file_number,
            unneeded_lines.row_number,
            cast(null as date) as needed_until,
            unneeded_since,
            purchase_id in (select purchase_id from held_purchases) as is_held
        from unneeded_lines

        union all

        select
            landing_table,
            file_number,
            unneeded_contacts.row_number,
            needed_until,
            unneeded_since,
            coalesce(customer_id in (select customer_id from held_customers), false)
            or coalesce(purchase_id in (select purchase_id from held_purchases), false) as is_held
        from unneeded_contacts

    )

select
    landing_table,
    file_number,
    unneeded.row_number,
    case when needed_until <= {{ today() }} then 'expired' else 'forgotten' end as reason,
    is_held,
    unneeded_since as due_since
from unneeded
where unneeded_since <= {{ today() }}
