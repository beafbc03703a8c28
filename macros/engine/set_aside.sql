{% macro set_aside(landing_table, key, latest_by=none) -%}
    {%- set base = ref("base_" ~ landing_table) -%}
    {%- set keys = key | join(", ") -%}
    select
        '{{ landing_table }}' as landing_table,
        file_number,
        row_number,
        'rejected' as status,
        reject_reason as reason
    from {{ base }}
    where reject_reason is not null
    union all
    select
        '{{ landing_table }}' as landing_table,
        file_number,
        row_number,
        'duplicate' as status,
        'delivered_again' as reason
    from {{ base }}
    inner join
        (
            select {{ keys }}
            from {{ base }}
            where reject_reason is null
            group by {{ keys }}
            having count(*) > 1
        ) as repeated_keys
        on {% for column in key %}
            {{ base.identifier }}.{{ column }} is not distinct from repeated_keys.{{ column }}
            {%- if not loop.last %} and {% endif %}
        {%- endfor %}
    where {{ base.identifier }}.reject_reason is null
    qualify
        row_number() over (
            partition by
                {% for column in key %}
                    {{ base.identifier }}.{{ column }}{{ ", " if not loop.last }}
                {% endfor %}
            order by
                {% if latest_by %} {{ latest_by }} desc nulls last, {% endif %} file_number desc,
                {{ base.identifier }}.row_number desc
        )
        > 1
{%- endmacro %}
