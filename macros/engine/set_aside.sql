{% macro set_aside(
    landing_table, key, latest_by=none, numbered_within=none, is_event=false, event_times=[]
) -%}
    {#- A build of the changes looks at the new files of event tables only, and at older rows that they deliver again. -#}
    {%- set base = ref("base_" ~ landing_table) -%}
    {%- set keys = key | join(", ") -%}
    {%- set new_only = only_changes() and (is_event or event_times) -%}
    select
        '{{ landing_table }}' as landing_table,
        file_number,
        row_number,
        'rejected' as status,
        reject_reason as reason,
        {% if event_times %}
            case
                reject_reason
                {% for time in event_times %}
                    when '{{ time }}_in_the_future' then {{ time }} - interval 1 day
                {% endfor %}
            end
        {% else %} cast(null as timestamp)
        {% endif %} as recheck_at
    from {{ base }}
    where reject_reason is not null {% if new_only %} and is_new {% endif %}
    union all
    select
        '{{ landing_table }}' as landing_table,
        file_number,
        row_number,
        'duplicate' as status,
        'delivered_again' as reason,
        cast(null as timestamp) as recheck_at
    from {{ base }}
    inner join
        (
            select {{ keys }}
            from {{ base }}
            where
                reject_reason is null
                {% if new_only %}
                    and {{ key[0] }} in (select {{ key[0] }} from {{ base }} where is_new)
                {% endif %}
                {% if numbered_within %}
                    -- only where small whole numbers do not prove that all rows are different
                    and {{ numbered_within }} in (
                        select {{ numbered_within }}
                        from {{ base }}
                        where reject_reason is null
                        group by {{ numbered_within }}
                        having count(*) <> coalesce(bit_count(bit_or({{ one_bit(key[1]) }})), 0)
                    )
                {% endif %}
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
