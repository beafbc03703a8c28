{% macro set_aside(
    landing_table, key, latest_by=none, numbered_within=none, is_event=false, event_times=[]
) -%}
    {#- Landing is read once: by key, how many rows are good, and which are rejected. Only if that does not prove that
        all keys differ are the rows of a key looked at. A build of the changes looks at the new files of event tables
        only, and at older rows that they deliver again. -#}
    {%- set base = ref("base_" ~ landing_table) -%}
    {%- set new_only = only_changes() and (is_event or event_times) -%}
    {%- set group_key = [numbered_within] if numbered_within else key -%}
    {%- set are_new = (
        key[0] ~ " in (select " ~ key[0] ~ " from " ~ base ~ " where is_new)"
        if new_only
        else "true"
    ) -%}
    select landing_table, file_number, row_number, status, reason, recheck_at
    from
        (
            with
                keys as materialized(

                    select
                        {{ group_key | join(", ") }},
                        count(*) filter (where reject_reason is null) as good_rows,
                        {% if numbered_within %}
                            bit_count(bit_or({{ one_bit(key[1]) }}) filter (where reject_reason is null))
                        {% else %} 1
                        {% endif %} as different_keys,
                        list(
                            {
                                'file_number':file_number,
                                'row_number':row_number,
                                'reason':reject_reason,
                                'recheck_at':
                                {% if event_times %}
                                    case
                                        reject_reason
                                        {% for time in event_times %}
                                            when '{{ time }}_in_the_future' then {{ time }} - interval 1 day
                                        {% endfor %}
                                    end
                                {% else %}cast(null as timestamp)
                                {% endif %}
                            }
                        ) filter (where reject_reason is not null {% if new_only %} and is_new {% endif %})
                        as rejected_rows
                    from {{ base }}
                    where {{ are_new }} {% if new_only %} or is_new {% endif %}
                    group by {{ group_key | join(", ") }}

                ),

                rejected as (

                    select unnest(rejected_rows) as rejected_row from keys where rejected_rows is not null

                ),

                repeated as (

                    select {{ group_key | join(", ") }}
                    from keys
                    where good_rows > coalesce(different_keys, 0) and good_rows > 1

                ),

                ranked as (

                    select
                        {{ base.identifier }}.file_number,
                        {{ base.identifier }}.row_number,
                        row_number() over (
                            partition by
                                {% for column in key %}
                                    {{ base.identifier }}.{{ column }}{{ ", " if not loop.last }}
                                {% endfor %}
                            order by
                                {% if latest_by %}
                                    {{ latest_by }} desc nulls last,
                                {% endif %} file_number desc,
                                {{ base.identifier }}.row_number desc
                        ) as rank
                    from {{ base }}
                    inner join
                        repeated
                        on {% for column in group_key %}
                            {{ base.identifier }}.{{ column }} is not distinct from repeated.{{ column }}
                            {%- if not loop.last %} and {% endif %}
                        {%- endfor %}
                    where {{ base.identifier }}.reject_reason is null

                )

            select
                '{{ landing_table }}' as landing_table,
                rejected_row.file_number,
                rejected_row.row_number,
                'rejected' as status,
                rejected_row.reason,
                rejected_row.recheck_at
            from rejected

            union all

            select
                '{{ landing_table }}' as landing_table,
                file_number,
                row_number,
                'duplicate' as status,
                'delivered_again' as reason,
                cast(null as timestamp) as recheck_at
            from ranked
            where rank > 1
        )
{%- endmacro %}
