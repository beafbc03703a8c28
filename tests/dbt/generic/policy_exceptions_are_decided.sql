{#- An exception has an end, at most twelve months ahead, and is approved by somebody else than its owner. -#}
{% test policy_exceptions_are_decided(model) %}
    select code, object
    from {{ model }}
    where
        try_cast(expires_on as date) is null
        or try_cast(expires_on as date) > (now() at time zone 'utc')::date + interval 12 month
        or lower(regexp_replace(owner, '\s', '', 'g')) = lower(regexp_replace(approved_by, '\s', '', 'g'))
{% endtest %}
