{% materialization working, adapter = "duckdb" %}
    {#- A table while a build goes on. When a run is over, a view takes its place (keep_view): what was forgotten or has
        expired is then in no file of the vault, and can still be asked for. -#}
    {{ keep_view(sql) }} {{ return(materialization_table_duckdb()) }}
{% endmaterialization %}
