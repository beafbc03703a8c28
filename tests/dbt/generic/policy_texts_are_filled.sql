{% test policy_texts_are_filled(model, columns) %}
    select *
    from {{ model }}
    where
        {%- for column in columns %}
            {{ column }} is distinct from {{ read_text(column) }}
            or {{ column }} is null {{ "or" if not loop.last }}
        {%- endfor %}
{% endtest %}
