{% materialization working, adapter = "duckdb" %}
    {#- A table while a build goes on. When a run is over, it is dropped (put_to_rest in scripts/bigtrust/changes.py):
        what was forgotten or has expired is then in no file of the vault. No view takes its place: of views upon views,
        each read several times, the engine cannot make a plan in any useful time. -#}
    {{ return(materialization_table_duckdb()) }}
{% endmaterialization %}
