{% materialization scoped, adapter = "duckdb" %}
    {#- A view of landing. A build of the changes keeps the rows that it is about in a table, to read landing once;
        when the run is over, the view takes its place again (keep_view). -#}
    {{ keep_view(sql) }}
    {{ return(materialization_table_duckdb() if only_changes() else materialization_view_default()) }}
{% endmaterialization %}
