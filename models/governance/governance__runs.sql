{#- One row per run, from the records that the runs left: codes, counts and times only. -#}
with records as (select * from {{ source("runs", "records") }})

select
    run,
    record ->> 'verdict' as verdict,
    cast(record ->> 'exit_code' as integer) as exit_code,
    record ->> 'message' as message,
    record ->> 'as_of' as as_of,
    cast(record ->> 'checks_passed' as bigint) as checks_passed,
    cast(record ->> 'checks_failed' as bigint) as checks_failed,
    cast(record ->> 'checks_not_applicable' as bigint) as checks_not_applicable,
    cast(record ->> 'seconds' as decimal(18, 1)) as seconds,
    cast(record ->> 'started_at' as timestamp) as started_at,
    cast(record ->> 'finished_at' as timestamp) as finished_at
from records
order by all
