{% macro about(publication) -%}
    {#- One row per fact about a publication. Numbers and policy only, never a count of what is gone. -#}
    select 'publication' as fact, '{{ publication }}' as value
    union all
    select 'run', '{{ env_var("BIGTRUST_RUN", "0") }}'
    union all
    select 'built_at', strftime(timezone('UTC', now()), '%Y-%m-%dT%H:%M:%SZ')
    union all
    select 'as_of', '{{ env_var("BIGTRUST_AS_OF", "") or "today" }}'
    union all
    select 'key_version', cast(getvariable('{{ publication }}_key_version') as varchar)
    where getvariable('{{ publication }}_key_version') is not null
    union all
    select setting, value
    from {{ ref("settings") }}
    union all
    select purpose_facts.fact, purpose_facts.value
    from
        {{ ref("purposes") }} as purposes,
        lateral(
            values
                ('purpose', purposes.description),
                ('audience', purposes.audience),
                ('legal_basis', purposes.legal_basis),
                ('must_not_overlap_with', coalesce(purposes.must_not_overlap_with, 'none')),
                (
                    'totals_may_fall',
                    case
                        when purposes.honours_erasure
                        then
                            'Totals may fall from one day to the next, because people''s data expires and is forgotten.'
                        else 'Totals may fall from one day to the next, because data expires.'
                    end
                )
        ) as purpose_facts(fact, value)
    where purposes.publication = '{{ publication }}'
    union all
    select 'retention_of_' || data_category, period_months || ' months from ' || start_event
    from {{ ref("retention_windows") }}
    where purpose = '{{ publication }}'
    order by all
{%- endmacro %}
