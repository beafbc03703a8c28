{% macro not_of_an_erased_person(customer_id, moment) -%}
    not exists (
        select 1
        from {{ ref("erased_persons") }} as erased_persons
        where erased_persons.customer_id = {{ customer_id }} and {{ moment }} <= erased_persons.erased_until
    )
{%- endmacro %}
