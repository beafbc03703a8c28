{% macro k_anonymous(relation, quasi_identifiers, others, k) -%}
    {#- The ladder: what is given up first, with what stands for it then. A region says the country, too, so it goes
        before it. Why in this order: docs/decisions/0017-k-is-reached-by-a-treatment.md. -#}
    {%- set ladder = {
        "customer_since_month": "null",
        "language": "'unknown'",
        "region": "'unknown'",
        "country": "'unknown'",
        "birth_decade": "null",
        "value_band": "'unknown'",
        "recency_band": "'unknown'",
        "preferred_channel": "'unknown'",
        "contact_pressure": "'unknown'",
    } -%}
    {%- for column in quasi_identifiers if column not in ladder -%}
        {{
            exceptions.raise_compiler_error(
                "k_anonymous: the ladder has no step for "
                ~ column
                ~ ". Say in macros/privacy/k_anonymous.sql when it is given up, and what stands for it then."
            )
        }}
    {%- endfor -%}
    {%- set combination = quasi_identifiers | join(", ") -%}
    {%- set ns = namespace(reached="complete") -%}
    (
        with
            complete as (select {{ others | join(", ") }}, {{ combination }} from {{ relation }}),

            {% for given_up in ladder if given_up in quasi_identifiers %}
                -- who is one of fewer than k alike gives up {{ given_up }}; classes of k or more only grow
                without_{{ given_up }} as (
                    select
                        {{ others | join(", ") }},
                        {% for column in quasi_identifiers -%}
                            {% if column == given_up -%}
                                case
                                    when count(*) over (partition by {{ combination }}) >= {{ k }}
                                    then {{ column }}
                                    else {{ ladder[column] }}
                                end as {{ column }}
                            {%- else -%} {{ column }}
                            {%- endif %}
                            {{- ", " if not loop.last }}
                        {% endfor %}
                    from {{ ns.reached }}
                ),
                {% set ns.reached = "without_" ~ given_up %}
            {% endfor %}

            classes as (
                select {{ combination }}, count(*) as persons from {{ ns.reached }} group by {{ combination }}
            ),

            -- if fewer than k persons have given up everything, the smallest class that is left joins them
            joining as (
                select {{ combination }}, true as is_joining
                from classes
                where (select min(persons) from classes) < {{ k }}
                order by persons, {{ combination }}
                limit 2
            )

        select
            {% for column in others %} {{ ns.reached }}.{{ column }}, {% endfor %}
            {% for column in quasi_identifiers -%}
                case
                    when joining.is_joining then {{ ladder[column] }} else {{ ns.reached }}.{{ column }}
                end as {{ column }}
                {{- ", " if not loop.last }}
            {% endfor %}
        from {{ ns.reached }}
        left join
            joining
            on {% for column in quasi_identifiers -%}
                {{ ns.reached }}.{{ column }} is not distinct from joining.{{ column }}
                {{ "and " if not loop.last }}
            {%- endfor %}
    )
{%- endmacro %}
