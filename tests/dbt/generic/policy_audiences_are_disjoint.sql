{#- An audience that reads two publications which must not meet. Everybody is in every audience. -#}
{% test policy_audiences_are_disjoint(model) %}
    with
        disjoint as ({{ disjoint_publications(model) }}),

        audiences as (
            select publication, lower(trim(unnest(string_split(audience, ',')))) as audience from {{ model }}
        )

    select disjoint.publication, disjoint.other_publication, audiences.audience
    from disjoint
    inner join audiences on disjoint.publication = audiences.publication
    inner join audiences as other_audiences on disjoint.other_publication = other_audiences.publication
    where
        audiences.audience = other_audiences.audience
        or 'everybody' in (audiences.audience, other_audiences.audience)
{% endtest %}
