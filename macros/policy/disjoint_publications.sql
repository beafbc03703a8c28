{% macro disjoint_publications(purposes) -%}
    select publication, trim(unnest(string_split(must_not_overlap_with, ','))) as other_publication
    from {{ purposes }}
{%- endmacro %}
