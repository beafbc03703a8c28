{#- One row per check, relation and run. Counts and verdicts, never a value. -#}
with

    records as (select * from {{ source("runs", "records") }}),

    checks as (

        select
            run,
            unnest(
                from_json(
                    record -> 'checks',
                    '[{"code": "VARCHAR", "publication": "VARCHAR", "relation": "VARCHAR", "column": "VARCHAR",
                   "suite": "VARCHAR", "severity": "VARCHAR", "expectation": "VARCHAR", "verdict": "VARCHAR", "reason": "VARCHAR",
                   "exception": "VARCHAR", "examined": "BIGINT", "violations": "BIGINT"}]'
                )
            ) as result
        from records

    )

select
    run,
    result.code as code,
    result.publication as publication,
    result.relation as relation,
    result."column" as column_name,
    result.suite as suite,
    result.expectation as expectation,
    result.severity as severity,
    result.verdict as verdict,
    result.reason as reason,
    result.exception as exception,
    result.examined as examined,
    result.violations as violations
from checks
order by all
