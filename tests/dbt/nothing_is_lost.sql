{{
    config(
        meta={
            "code": "ROW-02",
            "exit_code": 1,
            "remedy": "landed = staged + duplicates + rejected does not hold for a landing table. Compare governance.marts.landing_rows with the staging models that were changed last.",
        }
    )
}}
select landing_table
from {{ ref("governance__landing_rows") }}
where landed <> staged + duplicates + rejected or held > staged
