{#- Both publications exist, and nowhere it is declared that their audiences are disjoint. -#}
{% test policy_publications_must_not_meet(model, first, second) %}
    with disjoint as ({{ disjoint_publications(model) }})

    select purposes.publication
    from {{ model }} as purposes
    where
        purposes.publication = '{{ first }}'
        and not exists (
            select 1
            from disjoint
            where
                (disjoint.publication, disjoint.other_publication)
                in (('{{ first }}', '{{ second }}'), ('{{ second }}', '{{ first }}'))
        )
{% endtest %}
