{% macro contact_channel(channel) -%} {{ code(channel, ["email", "sms", "post", "app"]) }} {%- endmacro %}
