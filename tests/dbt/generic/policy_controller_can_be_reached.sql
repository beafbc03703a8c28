{#- Somebody answers for the processing, and everybody who is named can be written to. -#}
{% test policy_controller_can_be_reached(model) %}
    select 'no controller' as problem
    where not exists (select 1 from {{ model }} where role = 'controller')
    union all
    select 'no e-mail address' as problem
    from {{ model }}
    where not regexp_matches(coalesce(contact, ''), '\S+@\S+\.\S+')
{% endtest %}
