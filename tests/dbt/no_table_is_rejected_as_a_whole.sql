{{
    config(
        meta={
            "code": "ROW-04",
            "exit_code": 3,
            "remedy": "All rows of a landing table were rejected. governance.marts.rejected_rows counts the reasons: repair the delivery.",
        }
    )
}}
select landing_table
from {{ ref("governance__landing_rows") }}
where landed > 0 and rejected = landed
