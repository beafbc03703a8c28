{#- Until when a person gets no offers for a category, because they bought what is of it: from what is kept only. -#}
{{
    config(
        materialized="updated",
        pre_hook="{{ delete_rebuilt('person', by='pseudonym', domain='marketing', expires='cool_until') }}",
    )
}}

with

    products as (

        select
            stg_products.product_id,
            stg_products.category_id,
            cast(
                ceil(category_cycles.months * {{ setting("cool_down_percent") }} / 100.0) as integer
            ) as cool_months
        from {{ ref("stg_products") }} as stg_products
        inner join
            {{ ref("category_cycles") }} as category_cycles
            on stg_products.category_id = category_cycles.category_id

    ),

    person_pseudonyms as (select * from {{ ref("marketing_person_pseudonyms") }}),

    bought as (

        select
            {{ pseudonym("person") }} as person_pseudonym,
            products.category_id,
            products.cool_months,
            max(kept_purchase_lines.purchased_on) as purchased_on
        from {{ ref("kept_purchase_lines") }} as kept_purchase_lines
        -- of whom marketing sees nobody, no line need be looked at
        inner join person_pseudonyms on kept_purchase_lines.customer_id = person_pseudonyms.customer_id
        inner join products on kept_purchase_lines.product_id = products.product_id
        where {{ in_scope("person", "kept_purchase_lines.customer_id") }}
        group by {{ pseudonym("person") }}, products.category_id, products.cool_months

    ),

    cool_downs as (

        select
            person_pseudonym,
            category_id,
            -- marketing uses a purchase as long as the policy says, and no longer
            least(
                cast(purchased_on + to_months(cool_months) as date),
                {{ visible_until("purchases", "marketing", "purchased_on") }}
            ) as cool_until
        from bought

    )

select *
from cool_downs
where cool_until > {{ today() }}
