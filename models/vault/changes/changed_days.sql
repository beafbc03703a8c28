{#- Days of which a sale arrived, or was delivered again, by any header that was ever delivered. -#}
{{ config(materialized="working") }}

-- depends_on: {{ ref("base_purchases") }}
-- depends_on: {{ ref("base_purchase_lines") }}
{% if only_changes() %}
    select distinct purchased_on as sold_on
    from {{ ref("base_purchases") }}
    where
        purchased_on is not null
        and purchase_id in (
            select purchase_id
            from {{ ref("base_purchases") }}
            where is_new
            union
            select purchase_id
            from {{ ref("base_purchase_lines") }}
            where is_new
        )
{% else %} select cast(null as date) as sold_on where false
{% endif %}
