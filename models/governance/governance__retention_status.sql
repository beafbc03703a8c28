{#- Per relation: what is visible, what expires soon, and what expired but is still there (must be 0 after a run). -#}
with

    {% set relations = [
        ("analytics", "customers"),
        ("analytics", "purchases"),
        ("analytics", "purchase_lines"),
        ("analytics", "returns"),
        ("analytics", "touchpoints"),
        ("insights", "sales_by_category_month"),
        ("insights", "sales_by_region_month"),
    ] -%}

    windows as (

        {% for publication, relation in relations -%}
            select '{{ publication }}' as publication, '{{ relation }}' as relation, visible_until
            from {{ ref("protected_" ~ publication ~ "__" ~ relation) }} {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    relations as (

        {% for publication, relation in relations -%}
            select
                '{{ publication }}' as publication,
                '{{ relation }}' as relation
                {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    kept as (

        select 'customers' as relation, count(*) as kept
        from {{ ref("kept_customers") }}
        union all
        select 'purchases' as relation, count(distinct purchase_id) as kept
        from {{ ref("kept_purchase_lines") }}
        union all
        select 'purchase_lines' as relation, count(*) as kept
        from {{ ref("kept_purchase_lines") }}
        union all
        select 'returns' as relation, count(*) as kept
        from {{ ref("kept_returns") }}
        union all
        select 'touchpoints' as relation, sum(kept) as kept
        from
            (
                select count(customer_id) as kept
                from {{ ref("kept_web_events") }}
                union all
                select count(customer_id) as kept
                from {{ ref("kept_support_tickets") }}
                union all
                select count(*) as kept
                from {{ ref("kept_marketing_messages") }}
            ) as touchpoints

    ),

    status as (

        select
            relations.publication,
            relations.relation,
            count(windows.visible_until) filter (where windows.visible_until > {{ today() }}) as inside,
            count(windows.visible_until) filter (
                where
                    windows.visible_until > {{ today() }}
                    and windows.visible_until <= {{ today() }} + interval 30 day
            ) as expiring_within_30_days,
            count(windows.visible_until) filter (
                where windows.visible_until <= {{ today() }}
            ) as expired_but_present
        from relations
        left join
            windows on relations.publication = windows.publication and relations.relation = windows.relation
        group by relations.publication, relations.relation

    )

select
    status.publication,
    status.relation,
    status.inside,
    status.expiring_within_30_days,
    status.expired_but_present,
    case
        when status.publication = 'analytics'
        then cast(kept.kept - status.inside - status.expired_but_present as bigint)
    end as outside
from status
left join kept on status.relation = kept.relation
order by all
