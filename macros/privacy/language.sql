{% macro language(column) -%}
    case when regexp_full_match(lower({{ column }}), '[a-z]{2}') then lower({{ column }}) else 'unknown' end
{%- endmacro %}
