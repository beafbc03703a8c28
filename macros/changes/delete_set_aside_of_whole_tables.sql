{% macro delete_set_aside_of_whole_tables() -%}
    {%- if only_changes() -%}
        delete from {{ this }}
        where
            landing_table not in (
                'purchases',
                'purchase_lines',
                'returns',
                'web_events',
                'support_tickets',
                'marketing_messages'
            )
    {%- endif -%}
{%- endmacro %}
