{% test policy_disjoint_publications_are_known(model) %}
    with disjoint as ({{ disjoint_publications(model) }})

    select publication, other_publication
    from disjoint
    where
        publication = other_publication
        or not exists (
            select 1 from {{ model }} as purposes where purposes.publication = disjoint.other_publication
        )
{% endtest %}
