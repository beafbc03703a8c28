{#- Purchases that are built anew: the changed ones, all of the rebuilt persons, and those that these are named with,
    for what is said of them decides what is said of the person. Empty unless a build reads only the changes. -#}
{{ config(materialized="working") }}

-- depends_on: {{ ref("changed_purchases") }}
-- depends_on: {{ ref("rebuilt_persons") }}
-- depends_on: {{ ref("stg_marketing_messages") }}
-- depends_on: {{ ref("stg_purchases") }}
-- depends_on: {{ ref("stg_support_tickets") }}
-- depends_on: {{ ref("stg_web_events") }}
-- depends_on: {{ source("last_map", "purchase_pseudonyms") }}
-- depends_on: {{ source("register", "forgotten_lines") }}
{% if only_changes() %}
    with

        rebuilt_persons as (select customer_id from {{ ref("rebuilt_persons") }}),

        purchases as (

            select purchase_id
            from {{ ref("changed_purchases") }}
            union
            {% for table in ["purchases", "web_events", "support_tickets", "marketing_messages"] -%}
                select purchase_id
                from {{ ref("stg_" ~ table) }}
                where customer_id in (select customer_id from rebuilt_persons)
                union
            {% endfor %}
            -- the person may have been another when it was forgotten
            select purchase_id
            from {{ source("register", "forgotten_lines") }}
            where customer_id in (select customer_id from rebuilt_persons)

        )

    select
        purchases.purchase_id,
        {{ issue_pseudonym("analytics", "purchase", "purchases.purchase_id") }} as purchase_pseudonym,
        -- the number that the last build knew it by
        last_map.purchase_number
    from purchases
    left join
        {{ source("last_map", "purchase_pseudonyms") }} as last_map
        on purchases.purchase_id = last_map.purchase_id
    where purchases.purchase_id is not null
{% else %}
    select
        cast(null as varchar) as purchase_id,
        cast(null as uuid) as purchase_pseudonym,
        cast(null as bigint) as purchase_number
    where false
{% endif %}
