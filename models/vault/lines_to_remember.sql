{#- What the register remembers of forgotten lines, for their footprint: those that are forgotten today, and those that the
    source system has deleted since, as it should, as long as a request can be about them. A request that nobody can
    place today, because its person or category is gone, may be placed again tomorrow. -#}
{{ config(materialized="working") }}

-- depends_on: {{ ref("rebuilt_purchases") }}
with

    forgotten_lines as (select * from {{ source("register", "forgotten_lines") }}),

    concerned_lines as (select * from {{ ref("concerned_lines") }}),

    standing_requests as (select * from {{ ref("erasure_requests") }} where state in ('effective', 'pending'))

select purchase_id, line_number, customer_id, category_id, purchased_at
from {{ ref("erased_purchase_lines") }}

union

select purchase_id, line_number, customer_id, category_id, purchased_at
from forgotten_lines
where
    {% if only_changes() %}
        -- nobody has looked at them
        purchase_id not in (select purchase_id from {{ ref("rebuilt_purchases") }})
        or {% endif %} not exists (
        select 1
        from concerned_lines
        where
            concerned_lines.purchase_id = forgotten_lines.purchase_id
            and concerned_lines.line_number = forgotten_lines.line_number
    )
    and (
        purchase_id in (select purchase_id from standing_requests where scope = 'purchase')
        or (purchase_id, line_number)
        in (select (purchase_id, line_number) from standing_requests where scope = 'purchase_line')
        or customer_id in (select customer_id from standing_requests where scope in ('category', 'person'))
    )
