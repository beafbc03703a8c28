{% macro start_events() -%}
    {#- Each event is written out in the models that keep the category (start_of). -#}
    {%- do return(
        {
            "customers": ["last_activity", "account_creation"],
            "purchases": ["purchase"],
            "returns": ["purchase", "return"],
            "web_events": ["event"],
            "support_tickets": ["event"],
            "marketing_messages": ["event"],
        }
    ) -%}
{%- endmacro %}
