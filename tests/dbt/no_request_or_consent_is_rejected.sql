{{
    config(
        meta={
            "exit_code": 3,
            "remedy": "A row of erasure_requests, of the register or of consents cannot be read. governance.marts.rejected_rows counts the reasons: repair it, what a person asked for is never lost in a count.",
        }
    )
}}
select landing_table
from {{ ref("governance__landing_rows") }}
where landing_table in ('erasure_requests', 'register_requests', 'consents') and rejected > 0
