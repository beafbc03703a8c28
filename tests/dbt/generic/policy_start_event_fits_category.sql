{% test policy_start_event_fits_category(model, column_name) %}
    select data_category, {{ column_name }}
    from {{ model }}
    where
        (data_category, {{ column_name }}) not in (
            {%- for category, events in start_events().items() %}
                {%- set last_category = loop.last %}
                {%- for event in events %}
                    ('{{ category }}', '{{ event }}'){{ "," if not (loop.last and last_category) }}
                {%- endfor %}
            {%- endfor %}
        )
        or {{ column_name }} is null
{% endtest %}
