{% test policy_period_is_possible(model, column_name) %}
    select {{ column_name }}
    from {{ model }}
    where
        try_cast({{ column_name }} as integer) is null
        or try_cast({{ column_name }} as integer) not between 1
        and 1200
{% endtest %}
