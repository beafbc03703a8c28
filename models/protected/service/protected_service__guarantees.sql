{#- What somebody bought and did not bring back, as long as the legal guarantee lasts. Who bought without a name has the receipt. -#}
{{
    config(
        materialized="updated",
        pre_hook="{{ delete_rebuilt('person', by='pseudonym', domain='service', expires='visible_until') }}",
    )
}}

with

    lines as (

        select
            purchase_number,
            line_number,
            customer_id,
            product_id,
            quantity,
            purchased_on,
            {{ visible_until("purchases", "service", "purchased_on") }} as visible_until
        from {{ ref("kept_purchase_lines") }}
        where
            {{ in_scope("person", "customer_id") }}
            and {{ visible_until("purchases", "service", "purchased_on") }} > {{ today() }}

    ),

    returned as (

        select purchase_number, line_number, sum(quantity) as quantity
        from {{ ref("kept_returns") }}
        where
            {{ visible_until("returns", "service", {"purchase": "purchased_on", "return": "returned_on"}) }}
            > {{ today() }}
        group by purchase_number, line_number

    ),

    person_pseudonyms as (select * from {{ ref("service_person_pseudonyms") }}),

    guarantees as (

        select
            {{ pseudonym("person") }} as person_pseudonym,
            lines.product_id,
            stg_products.category_id,
            cast(lines.quantity - coalesce(returned.quantity, 0) as decimal(18, 4)) as quantity,
            lines.purchased_on,
            lines.visible_until
        from lines
        inner join person_pseudonyms on lines.customer_id = person_pseudonyms.customer_id
        left join
            returned
            on lines.purchase_number = returned.purchase_number
            and lines.line_number = returned.line_number
        left join {{ ref("stg_products") }} as stg_products on lines.product_id = stg_products.product_id

    )

select *
from guarantees
where quantity > 0
