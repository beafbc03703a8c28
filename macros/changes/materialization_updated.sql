{% materialization updated, adapter = "duckdb" %}
    {#- A table. A build of the changes adds rows to it (its pre-hook has deleted what is built anew); any other build
        creates it. -#}
    {%- if not only_changes() -%} {{ return(materialization_table_duckdb()) }} {%- endif -%}
    {%- set target = this.incorporate(type="table") -%}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- call statement("main") -%} insert into {{ target }} by name ({{ sql }}) {%- endcall -%}
    {{ adapter.commit() }}
    {{ return({"relations": [target]}) }}
{% endmaterialization %}
