{{
    config(
        meta={
            "code": "REQ-01",
            "exit_code": 3,
            "examines": "from governance.marts.landing_rows where landed > 0 and landing_table in ('erasure_requests', 'register_requests', 'consents', 'legal_holds')",
            "if_empty": "no request, consent or legal hold has arrived",
            "remedy": "A row of erasure_requests, of the register, of consents or of legal_holds cannot be read. governance.marts.rejected_rows counts the reasons: repair it, what a person asked for is never lost in a count.",
        }
    )
}}
select landing_table
from {{ ref("governance__landing_rows") }}
where landing_table in ('erasure_requests', 'register_requests', 'consents', 'legal_holds') and rejected > 0
