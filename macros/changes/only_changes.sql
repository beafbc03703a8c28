{% macro only_changes() -%} {{- return(env_var("BIGTRUST_CHANGES", "no") == "yes") -}} {%- endmacro %}
