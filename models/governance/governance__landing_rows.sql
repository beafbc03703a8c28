{#- landed = staged + duplicates + rejected, for every table; held rows are staged rows that wait. -#}
with

    {% set tables = [
        "customers",
        "consents",
        "product_categories",
        "products",
        "purchases",
        "purchase_lines",
        "returns",
        "web_events",
        "support_tickets",
        "marketing_messages",
        "erasure_requests",
        "register_requests",
        "legal_holds",
    ] -%}

    landed as (

        {% for table in tables -%}
            select '{{ table }}' as landing_table, count(*) as landed
            from {{ source("landing", table) }} {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    staged as (

        {% for table in tables -%}
            select '{{ table }}' as landing_table, count(*) as staged
            from {{ ref("stg_" ~ table) }} {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    set_aside as (

        select
            landing_table,
            count(*) filter (where status = 'duplicate') as duplicates,
            count(*) filter (where status = 'rejected') as rejected
        from {{ ref("landing_set_aside") }}
        group by landing_table

    ),

    held as (select landing_table, count(*) as held from {{ ref("landing_held") }} group by landing_table)

select
    landed.landing_table,
    landed.landed,
    staged.staged,
    coalesce(set_aside.duplicates, 0) as duplicates,
    coalesce(set_aside.rejected, 0) as rejected,
    coalesce(held.held, 0) as held
from landed
inner join staged on landed.landing_table = staged.landing_table
left join set_aside on landed.landing_table = set_aside.landing_table
left join held on landed.landing_table = held.landing_table
order by all
