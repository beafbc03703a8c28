{% macro country(column) -%}
    case when regexp_full_match(upper({{ column }}), '[A-Z]{2}') then upper({{ column }}) else 'unknown' end
{%- endmacro %}
