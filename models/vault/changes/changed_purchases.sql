{#- Purchases of which a row arrived, or of which something is to be forgotten or shown again. -#}
{{ config(materialized="working") }}

-- depends_on: {{ source("last_analytics", "purchase_lines") }}
-- depends_on: {{ source("last_map", "purchase_pseudonyms") }}
-- depends_on: {{ ref("base_purchase_lines") }}
-- depends_on: {{ ref("base_purchases") }}
-- depends_on: {{ ref("base_returns") }}
-- depends_on: {{ ref("changed_products") }}
-- depends_on: {{ ref("changed_requests") }}
-- depends_on: {{ ref("stg_purchase_lines") }}
{% if only_changes() %}
    select purchase_id
    from {{ ref("base_purchases") }}
    where is_new
    union
    select purchase_id
    from {{ ref("base_purchase_lines") }}
    where is_new
    union
    -- a return that is delivered again may have named another purchase before
    select purchase_id
    from {{ ref("base_returns") }}
    where return_id in (select return_id from {{ ref("base_returns") }} where is_new)
    union
    select purchase_id
    from {{ ref("changed_requests") }}
    where purchase_id is not null
    union
    select purchase_id
    from {{ ref("stg_purchase_lines") }}
    where product_id in (select product_id from {{ ref("changed_products") }})
    union
    -- what was returned expired, and the line that it was a return of did not
    select purchase_pseudonyms.purchase_id
    from {{ source("last_analytics", "purchase_lines") }} as purchase_lines
    inner join
        {{ source("last_map", "purchase_pseudonyms") }} as purchase_pseudonyms
        on purchase_lines.purchase_pseudonym = purchase_pseudonyms.purchase_pseudonym
    where purchase_lines.returned_until <= {{ today() }} and purchase_lines.visible_until > {{ today() }}
{% else %} select cast(null as varchar) as purchase_id where false
{% endif %}
