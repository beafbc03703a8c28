{% materialization scoped, adapter = "duckdb" %}
    {#- A view of landing. A build of the changes keeps the rows that it is about in a table, to read landing once.
        When a run is over, it is dropped (put_to_rest in scripts/bigtrust/changes.py). -#}
    {{ return(materialization_table_duckdb() if only_changes() else materialization_view_default()) }}
{% endmaterialization %}
