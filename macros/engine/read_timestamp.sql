{% macro read_timestamp(column) -%}
    {%- set zone = setting("time_zone") -%}
    case
        when regexp_full_match(trim({{ column }}), '\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?')
        then timezone('UTC', timezone('{{ zone }}', try_cast(trim({{ column }}) as timestamp)))
        when
            regexp_full_match(
                trim({{ column }}),
                '\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)? ?(Z|[+-]\d{2}(:?\d{2})?)'
            )
        then timezone('UTC', try_cast(trim({{ column }}) as timestamptz))
    end
{%- endmacro %}
