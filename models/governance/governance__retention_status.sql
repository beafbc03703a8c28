{#- Per relation and purpose: what is visible, what expires soon, and what expired but is still there (must be 0 after a run). -#}
with

    {% set relations = [
        ("analytics", "customers"),
        ("analytics", "purchases"),
        ("analytics", "purchase_lines"),
        ("analytics", "returns"),
        ("analytics", "touchpoints"),
        ("insights", "sales_by_category_month"),
        ("insights", "sales_by_region_month"),
        ("insights", "experience_by_month"),
        ("finance", "daily_totals"),
        ("marketing", "audience_members"),
        ("marketing", "campaign_results"),
        ("marketing", "offer_pauses"),
        ("marketing", "offer_cool_downs"),
        ("service", "guarantees"),
        ("service", "contacts"),
    ] -%}
    {{ require_every_window(relations) }}

    status as (

        {% for publication, relation in relations -%}
            select
                '{{ publication }}' as publication,
                '{{ relation }}' as relation,
                count(*) filter (where visible_until > {{ today() }}) as inside,
                count(*) filter (
                    where visible_until > {{ today() }} and visible_until <= {{ today() }} + interval 30 day
                ) as expiring_within_30_days,
                count(*) filter (where visible_until <= {{ today() }}) as expired_but_present
            from {{ ref("protected_" ~ publication ~ "__" ~ relation) }} {{ "union all" if not loop.last }}
        {% endfor %}
    )

select
    status.publication,
    status.relation,
    purposes.purpose,
    status.inside,
    status.expiring_within_30_days,
    status.expired_but_present
from status
inner join {{ ref("purposes") }} as purposes on status.publication = purposes.publication
order by all
